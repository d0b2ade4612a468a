"""Commands that judge finished runs: differences, split, cost, challenge, explain."""

import argparse
from dataclasses import asdict
from math import isnan
from typing import TYPE_CHECKING, Any

from senti.cli.answer import Answer, records, table
from senti.cli.progress import note
from senti.errors import BadConfig, BadData
from senti.numbers import interval, percent
from senti.runs import Run

if TYPE_CHECKING:
    import pandas as pd

    from senti.runs import Run


def differences(args: argparse.Namespace) -> Answer:
    """Is the difference real? McNemar's exact test and a paired bootstrap for every pair of runs, Holm-corrected."""
    from senti.evaluation import pairwise

    found = pairwise(comparable(args), args.split)
    cells = [[r.first, r.second, f"{100 * r.difference:.1f}", f"{100 * r.low:.1f} to {100 * r.high:.1f}", f"{r.p:.3g}",
              f"{r.corrected:.3g}"] for r in found.itertuples()]  # fmt: skip
    lines = [*table(["better", "than", "points", "95 %", "p", "p (Holm)"], cells), "", *found["sentence"]]
    return Answer({"split": args.split, "pairs": found.to_dict("records")}, lines)


def comparable(args: argparse.Namespace) -> "list[Run]":
    """The named runs, or all that were tested on the reviews of the newest; two at least. Raises BadConfig."""
    runs = _on_same_reviews(args)
    if len(runs) < 2:
        raise BadConfig(f"Only {len(runs)} run on these reviews; train another one, or name two with --runs.")
    return runs


def _on_same_reviews(args: argparse.Namespace) -> "list[Run]":
    """The named runs; without names all that were tested on the reviews of the newest."""
    from senti.evaluation import chosen_runs

    runs = chosen_runs(args.output_dir, args.runs)
    newest = runs[0].facts["data"]["checksum"]
    return runs if args.runs else [run for run in runs if run.facts["data"]["checksum"] == newest]


def split(args: argparse.Namespace) -> Answer:
    """A whole split in figures: accuracy, calibration, areas, coverage, agreement; `--out` writes every review."""
    from senti.corpus import write_csv
    from senti.evaluation import agreement, pair_agreement, split_figures, split_reviews

    if not 0 <= args.threshold <= 1:
        raise BadConfig(f"threshold is {args.threshold}; choose a probability from 0 to 1.")
    runs = _on_same_reviews(args)
    parts, pairs = agreement(runs, args.split), pair_agreement(runs, args.split)
    figures = split_figures(runs, args.split, args.threshold)
    lines = _split_lines(figures, parts, pairs, args)
    if args.out:
        write_csv(_flat(split_reviews(runs, args.split), runs).round({"confidence": 4}), args.out)
        lines.append(f"{args.out}: {figures['n'][0]:,} rows")
    told = [row | _per_label(run, args.split) for run, row in zip(runs, records(figures), strict=True)]
    return Answer({"split": args.split, "threshold": args.threshold, "runs": told, "agreement": records(parts),
                   "pairs": records(pairs)}, lines)  # fmt: skip


def _split_lines(
    figures: "pd.DataFrame", parts: "pd.DataFrame", pairs: "pd.DataFrame", args: argparse.Namespace
) -> list[str]:
    head = ["run", "right", "ECE", "AUC", "average precision", f"answered at {args.threshold:g}", "right on these"]
    lines = table(head, [
        [r.run, interval(r.accuracy, r.low, r.high), *map(percent, (r.ece, r.auc, r.average_precision)),
         percent(r.coverage, 0), percent(r.accuracy_covered)] for r in figures.itertuples()
    ])  # fmt: skip
    if len(figures) < 2:
        return lines
    shares = ", ".join(f"{r.part} {r.n:,} ({percent(r.share)})" for r in parts.itertuples())
    head = ["first", "second", "same answer", "kappa", "both right", "only first", "only second", "both wrong"]
    return [*lines, "", f"of {figures['n'][0]:,} {args.split} reviews: {shares}", "", *table(head, [
        [r.first, r.second, percent(r.same), "-" if isnan(r.kappa) else f"{r.kappa:.2f}", r.both_right, r.only_first,
         r.only_second, r.both_wrong] for r in pairs.itertuples()
    ])]  # fmt: skip


def _per_label(run: "Run", split: str) -> dict[str, Any]:
    """A run's confusion (row i column j counts label i called label j) and each label's areas."""
    from senti.evaluation import areas, confusion, saved_probabilities

    labels = run.facts["data"]["labels"]
    truth, probabilities = saved_probabilities(run, split)
    counts, found = confusion(truth, probabilities.argmax(axis=1), len(labels)), areas(probabilities, truth)
    named = found.assign(label=[labels[i] for i in found["class"]]).drop(columns="class")
    return {"labels": labels, "confusion": counts.tolist(), "areas": records(named)}


def _flat(rows: "pd.DataFrame", runs: "list[Run]") -> "pd.DataFrame":
    """Reviews as `split_reviews` gives them, with two columns per run in place of the tuples."""
    flat = rows.drop(columns=["said", "sure"])
    for i, run in enumerate(runs):
        flat[f"{run.name} label"], flat[f"{run.name} confidence"] = rows["said"].str[i], rows["sure"].str[i].round(4)
    return flat


def cost(args: argparse.Namespace) -> Answer:
    """Test accuracy against a cost, and which runs another one on the same reviews dominates."""
    from senti.evaluation import COSTS, chosen_runs, dominated, results_table
    from senti.evaluation.cost import written

    names = [run.name for run in chosen_runs(args.output_dir, args.runs)]
    results = results_table(args.output_dir)
    results = results[results["run"].isin(names)]
    results = results.assign(dominated_by=dominated(results, args.cost))
    lines: list[str] = []
    for data, rows in results.groupby("data", sort=False):
        lines += [f"reviews: {data}", *table(["method", "test", COSTS[args.cost], "dominated by", "run"], [
            [r.title, interval(r.test, r.test_low, r.test_high), written(args.cost, getattr(r, args.cost)),
             r.dominated_by or "-", r.run] for r in rows.itertuples()
        ]), ""]  # fmt: skip
    kept = results[["run", "title", "data", "test", "test_low", "test_high", args.cost, "dominated_by"]]
    return Answer({"cost": args.cost, "runs": records(kept)}, lines[:-1])


def challenge(args: argparse.Namespace) -> Answer:
    """The behavioural suite: how many sentences of each phenomenon a run gets right."""
    from senti.evaluation import challenge as answer
    from senti.evaluation import chosen_runs, load_predictor, pass_rates

    payload, columns = [], {}
    for run in chosen_runs(args.output_dir, args.runs):
        try:
            answered = answer(load_predictor(run), run.facts["data"]["labels"])
        except BadData as e:
            if args.runs:
                raise
            note(f"{run.name}: {e}")
            continue
        rates = pass_rates(answered)
        columns[run.name] = rates.set_index("phenomenon")
        failed = answered[~answered["passed"].astype(bool)]
        payload.append({"run": run.name, "rates": rates.to_dict("records"), "failures": failed.to_dict("records")})
    if not columns:
        raise BadConfig("No run here answers with grades from blame to praise; train one, or see --output_dir.")
    first = next(iter(columns.values()))
    cells = [[name, first.loc[name, "n"], *(interval(*each.loc[name, ["rate", "low", "high"]])
                                            for each in columns.values())] for name in first.index]  # fmt: skip
    return Answer({"runs": payload}, table(["phenomenon", "tests", *columns], cells))


def explain(args: argparse.Namespace) -> Answer:
    """Which words moved each run's answer, and whether that explanation is faithful."""
    from senti.encoder import clean_text
    from senti.evaluation import chosen_runs
    from senti.evaluation import explain as why

    lines, payload = [], []
    for run in chosen_runs(args.output_dir, args.runs):
        found = why(run, clean_text(args.text), args.label)
        own = f", {found.way} (their sum {found.total:.2f}, it should be {found.expected:.2f})" if found.way else ""
        head = ["word", "occlusion", found.way] if found.way else ["word", "occlusion"]
        cells = [[r.word, f"{100 * r.occlusion:+.1f}", *([f"{r.own:+.2f}"] if found.way else [])]
                 for r in found.words.itertuples()]  # fmt: skip
        lines += [f"{found.title} ({run.name}): {found.label}, {percent(found.probability, 0)}",
                  f"for it, above zero: points of probability lost without the word{own}", *table(head, cells),
                  f"comprehensiveness {found.comprehensiveness:.2f}, sufficiency {found.sufficiency:.2f}",
                  ""]  # fmt: skip
        payload.append(asdict(found) | {"words": found.words.to_dict("records")})
    return Answer({"text": args.text, "runs": payload}, lines[:-1])
