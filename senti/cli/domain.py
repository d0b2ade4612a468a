"""Commands around reviews of another kind: transfer, adapt, shifting-words, mix."""

import argparse
from typing import TYPE_CHECKING

from senti.cli.answer import Answer, records, table
from senti.cli.flags import read_config
from senti.cli.look import backbone_of, corpus_of
from senti.cli.progress import note, share_bar
from senti.config import Config, EncoderConfig, SvmConfig, TfidfConfig
from senti.corpus import Corpus, check_target, load_corpus, write_table
from senti.corpus.mixed import mixed
from senti.errors import BadConfig, BadData
from senti.numbers import interval, percent

if TYPE_CHECKING:
    from senti.runs import Run

SHOWN = 15  # words of a list


def transfer(args: argparse.Namespace) -> Answer:
    """Finished runs judged on other reviews: accuracy on their own test reviews, on these, and the drop."""
    from senti.evaluation.transfer import transfer as judge
    from senti.evaluation.transfer import transfer_notices

    other = other_of(args)
    runs = _strangers(args, other)
    rows, notices = judge(runs, other, share_bar()), transfer_notices(runs, other)
    for line in notices:
        note(line)
    cells = [[r.title, r.data, interval(r.own, r.own_low, r.own_high), interval(r.other, r.other_low, r.other_high),
              f"{100 * r.drop:.1f} ({100 * r.low:.1f} to {100 * r.high:.1f})", r.run]
             for r in rows.itertuples()]  # fmt: skip
    head = ["method", "learned from", "own test", other.name, "points lost (95 %)", "run"]
    said = [f"{r.title} ({r.run}): {r.sentence}" for r in rows.itertuples()]
    common = f"always the most frequent label of {other.name}: {percent(rows['common'].max())}"
    return Answer({"to": other.name, "checksum": other.checksum, "runs": records(rows), "notices": notices},
                  [*table(head, cells), "", *said, common])  # fmt: skip


def _strangers(args: argparse.Namespace, other: Corpus) -> "list[Run]":
    """The named runs, or all finished ones that other reviews can be given to. Raises BadConfig where there is none."""
    from senti.evaluation import chosen_runs
    from senti.evaluation.transfer import judged_on

    runs = []
    for run in chosen_runs(args.output_dir, args.runs):
        try:
            judged_on(run, other)
        except BadData as e:
            if args.runs:
                raise
            note(str(e))
            continue
        runs.append(run)
    if not runs:
        raise BadConfig(f"No run here can be judged on {other.name}; train one on other reviews, or see --output_dir.")
    return runs


def adapt(args: argparse.Namespace) -> Answer:
    """The repair curve: accuracy on other reviews after 0, 16, 64 and 256 labelled ones, for the linear methods."""
    from senti.corpus.mixed import held_apart
    from senti.evaluation.adaptation import WAYS, adaptation

    config = read_config(EncoderConfig, args)
    home, other = corpus_of(config), other_of(args)
    for line in held_apart(home, other)[2]:
        note(line)
    svm = SvmConfig(model=backbone_of(config).name, pooling="mean", max_length=config.max_length,
                    truncation=config.truncation, seed=config.seed)  # fmt: skip
    rows = adaptation(home, other, [TfidfConfig(seed=config.seed), svm], seed=config.seed, on_progress=share_bar())
    sizes = sorted(set(rows["size"]))
    cells = []
    for (title, way), mine in rows.groupby(["title", "way"], sort=False):
        found = {r.size: interval(r.accuracy, r.low, r.high) for r in mine.itertuples()}
        cells.append([title, WAYS[str(way)], *(found.get(size, "-") for size in sizes)])
    n, draws = rows["n"].iloc[0], rows["draws"].max()
    lines = [
        f"right on {n:,} reviews of {other.name}, by how many others of it are learned from beside {home.name}; mean "
        f"of {draws} draws",
        *table(["method", "learns from", *map(str, sizes)], cells),
        f"always the most frequent label: {percent(rows['common'].max())}",
    ]
    return Answer({"dataset": home.name, "to": other.name, "repair": records(rows)}, lines)


def shifting_words(args: argparse.Namespace) -> Answer:
    """Words that weigh otherwise in other reviews, and words that only one kind of review knows."""
    from senti.evaluation.shifting_words import by_chance, in_words, words_of_one
    from senti.evaluation.shifting_words import shifting_words as shift

    config = read_config(Config, args)
    home, other = corpus_of(config), other_of(args)
    rows, single = shift(home, other, config.seed), words_of_one(home, other, config.seed)
    cells = [[r.word, f"{r.home:+.2f}", f"{r.other:+.2f}", f"{r.shift:+.2f} ({r.low:+.2f} to {r.high:+.2f})",
              r.n_home, r.n_other, in_words(r, home.labels)] for r in rows.head(SHOWN).itertuples()]  # fmt: skip
    lines = [f"weight of a word for {home.labels[1]}, in log-odds; bootstrap means; the largest shifts first",
             *table(["word", home.name, other.name, "shift (95 %)", "held by", "there by", ""], cells),
             "", by_chance(rows)]  # fmt: skip
    for side, name in (("home", home.name), ("other", other.name)):
        mine = single[single["side"] == side].head(SHOWN)
        lines += ["", f"only in {name}: " + (", ".join(f"{r.word} {r.weight:+.2f}" for r in mine.itertuples()) or "-")]
    return Answer({"dataset": home.name, "to": other.name, "words": records(rows), "only": records(single)}, lines)


def mix(args: argparse.Namespace) -> Answer:
    """Write training reviews with some of another kind mixed in, and those kept apart as test: for any method."""
    import pandas as pd

    check_target(args.out)
    config = read_config(Config, args)
    corpus = mixed(corpus_of(config), other_of(args), args.rows, config.seed)
    for line in corpus.notices:
        note(line)
    frames = [frame.assign(label=[corpus.labels[i] for i in frame["label"]], split=split)
              for split, frame in corpus.splits.items()]  # fmt: skip
    write_table(pd.concat(frames, ignore_index=True)[["text", "label", "split"]], args.out)
    sizes = ", ".join(f"{n:,} {split}" for split, n in corpus.rows.items())
    lines = [f"{args.out}: {corpus.name} ({sizes})", f"train any method on it: --dataset {args.out}"]
    return Answer({"out": str(args.out), "rows": corpus.rows, "labels": list(corpus.labels)}, lines)


def other_of(args: argparse.Namespace) -> Corpus:
    """The other reviews that --to names; what should be known of them is noted. Raises BadData."""
    try:
        other = load_corpus(args.to, text_column=args.to_text_column, label_column=args.to_label_column)
    except BadData as e:
        raise BadData(str(e).replace("--text-column", "--to-text-column").replace(
            "--label-column", "--to-label-column")) from e  # fmt: skip
    if other.why:
        note(other.why)
    return other
