"""Commands that show what a run's answers rest on: nearest, mistakes, temperature."""

import argparse
from collections.abc import Callable, Iterator
from typing import TypeVar

from senti.cli.answer import Answer, table
from senti.cli.progress import bar, note
from senti.errors import BadData, UnknownRun
from senti.numbers import interval, percent
from senti.runs import Run

Found = TypeVar("Found")


def nearest(args: argparse.Namespace) -> Answer:
    """The training reviews nearest to a text, in each run's own space."""
    from senti.evaluation import nearest as find

    payload, lines = [], []
    for run, found in _each(args, lambda run: find(run, args.text, args.k, bar("reviews"))):
        payload.append({"run": run.name, "nearest": found.to_dict("records")})
        cells = [[f"{r.similarity:.2f}", r.label, "" if r.agrees else "other", r.text] for r in found.itertuples()]
        lines += [_title(run), *table(["cosine", "label", "the run says", "review"], cells)]
        lines += ["no training review shares a word with it", ""] if found.empty else [""]
    return Answer({"text": args.text, "runs": payload}, lines[:-1])


def mistakes(args: argparse.Namespace) -> Answer:
    """What each run got wrong on a split, surest first."""
    from senti.evaluation import mistakes as find

    payload, lines = [], []
    for run, found in _each(args, lambda run: find(run, args.split, args.n)):
        payload.append({"run": run.name, "mistakes": found.to_dict("records")})
        cells = [[percent(r.confidence, 0), r.label, r.said, r.text] for r in found.itertuples()]
        lines += [_title(run), *table(["sure", "is", "said", "review"], cells), ""]
    return Answer({"split": args.split, "runs": payload}, lines[:-1])


def temperature(args: argparse.Namespace) -> Answer:
    """Are a linear SVM's probabilities right? Reliability before and after its temperature."""
    from senti.evaluation import temperature as measure

    payload, lines = [], []
    for run, found in _each(args, lambda run: measure(run, args.split)):
        tables = {"before": found.before, "after": found.after}
        payload.append({
            "run": run.name, "temperature": found.temperature, "n": found.n, "error_before": found.error_before,
            "error_after": found.error_after, **{name: rows.to_dict("records") for name, rows in tables.items()},
        })  # fmt: skip
        lines += [_title(run), f"expected calibration error on {found.n:,} {args.split} reviews: "
                  f"{percent(found.error_before)} before, {percent(found.error_after)} after a temperature of "
                  f"{found.temperature:.2f}"]  # fmt: skip
        for name, rows in tables.items():
            cells = [[f"{r.low:.1f} to {r.high:.1f}", r.n, percent(r.confidence),
                      interval(r.accuracy, r.accuracy_low, r.accuracy_high)] for r in rows.itertuples()]  # fmt: skip
            lines += [*table([name, "reviews", "mean confidence", "right"], cells), ""]
    return Answer({"split": args.split, "runs": payload}, lines[:-1])


def _each(args: argparse.Namespace, ask: Callable[[Run], Found]) -> Iterator[tuple[Run, Found]]:
    """Every asked run with its answer; those that cannot answer are noted, unless they were asked for by name."""
    from senti.evaluation import chosen_runs

    answered = False
    for run in chosen_runs(args.output_dir, args.runs):
        try:
            found = ask(run)
        except (BadData, UnknownRun) as e:
            if args.runs:
                raise
            note(f"{run.name} is left out: {e}")
            continue
        answered = True
        yield run, found
    if not answered:
        raise UnknownRun("None of these runs can be asked; train one, for example with `python -m senti svm`.")


def _title(run: Run) -> str:
    from senti.evaluation.table import run_title

    return f"{run_title(run.config)} ({run.name})"
