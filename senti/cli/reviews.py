"""Commands that look closer at the reviews: problems, slices, map."""

import argparse
from typing import Any

import pandas as pd

from senti.cli.answer import Answer, table
from senti.cli.flags import asked_cut, read_config
from senti.cli.look import backbone_of, corpus_of
from senti.cli.progress import bar
from senti.config import EncoderConfig
from senti.numbers import interval, percent


def problems(args: argparse.Namespace) -> Answer:
    """Likely label errors, near-duplicates, outliers, cut reviews, imbalance; `--out` writes the flagged rows."""
    from senti.corpus import check_target, write_table
    from senti.evaluation import KINDS
    from senti.evaluation import problems as find

    if args.out:
        check_target(args.out)
    config = read_config(EncoderConfig, args)
    corpus, backbone = corpus_of(config), backbone_of(config)
    found = find(corpus, backbone, config.max_length, config.seed, bar("reviews"), config.truncation)
    rows = found.rows.drop(columns="place")
    counts = {kind: int((rows["problem"] == kind).sum()) for kind in KINDS}
    lines = [*table(["problem", "reviews"], [[KINDS[kind], f"{n:,}"] for kind, n in counts.items()]), *found.notices]
    for kind in KINDS:
        worst = rows[rows["problem"] == kind].head(3)
        lines += [f"{KINDS[kind]}: {r.split} {r.number} ({r.label}): {_short(r.text)}  [{r.why}]"
                  for r in worst.itertuples()]  # fmt: skip
    if args.out:
        write_table(rows, args.out)
        lines.append(f"{args.out}: {len(rows):,} flagged rows")
    return Answer({"counts": counts, "notices": list(found.notices), "rows": rows.to_dict("records")}, lines)


def slices(args: argparse.Namespace) -> Answer:
    """How many reviews each slice has, and how well each run does on it; several `--slice` are combined."""
    from senti.corpus import split_slices
    from senti.evaluation import runs_on, slice_scores

    config = read_config(EncoderConfig, args)
    corpus = corpus_of(config)
    masks, runs = split_slices(corpus, args.split, args.slice), runs_on(args.output_dir, corpus)
    scores = slice_scores(masks, runs, args.split)
    named = {"all": " + ".join(args.slice) or "all"}
    lines = table(["slice", "reviews", *(run.name for run in runs)], [
        [named.get(name, name), f"{masks[name].sum():,}", *_cells(scores, name)] for name in masks
    ])  # fmt: skip
    return Answer({"split": args.split, "slices": masks.sum().to_dict(), "scores": scores.to_dict("records")}, lines)


def map_reviews(args: argparse.Namespace) -> Answer:
    """The reviews as points: principal components of one layer's vectors; `--out` writes them."""
    from senti.corpus import all_rows, check_target, write_table
    from senti.encoder import model_facts
    from senti.evaluation import find_reader, principal

    if args.out:
        check_target(args.out)
    config = read_config(EncoderConfig, args)
    corpus = corpus_of(config)
    rows = all_rows(corpus)
    rows = rows[rows["split"] == args.split].reset_index(drop=True)
    reader = find_reader(args.output_dir, args.reader, config.model)
    vectors = reader.layer(list(rows["text"]), args.layer, args.pooling, **asked_cut(args), on_progress=bar("reviews"))
    last = model_facts(reader.backbone)["layers"]
    found, layer = principal(vectors), last if args.layer < 0 else min(args.layer, last)
    rows = rows.assign(x=found.points[:, 0].round(5), y=found.points[:, 1].round(5))
    lines = [f"{len(rows):,} {args.split} reviews, {reader.title}, layer {layer}, {args.pooling}: the two axes show "
             f"{percent(found.shares[0])} and {percent(found.shares[1])} of the variance"]  # fmt: skip
    if args.out:
        write_table(rows, args.out)
        lines.append(f"{args.out}: {len(rows):,} rows with x and y")
    payload: dict[str, Any] = {"reader": args.reader, "layer": layer, "pooling": args.pooling, "shares": found.shares,
                               "points": rows.to_dict("records")}  # fmt: skip
    return Answer(payload, lines)


def _cells(scores: pd.DataFrame, name: str) -> list[str]:
    mine = scores[scores["slice"] == name]
    return [interval(r.accuracy, r.low, r.high) for r in mine.itertuples()]


def _short(text: str) -> str:
    return text if len(text) <= 90 else text[:87] + "..."
