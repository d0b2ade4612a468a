"""The runs chosen on the Compare tab, as far as they are still there."""

from collections.abc import Sequence
from pathlib import Path

from senti.errors import UnknownRun
from senti.evaluation.table import run_title
from senti.runs import Run, list_runs


def chosen(root: Path, names: Sequence[str] | None) -> list[Run]:
    """Those of the named runs that are still there and finished, in that order."""
    finished = {run.name: run for run in list_runs(root) if run.status == "finished"}
    return [finished[name] for name in names or [] if name in finished]


def on_same_reviews(runs: Sequence[Run]) -> list[Run]:
    """The largest group of the runs that were tested on the same reviews; the first group where two are as large."""
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.facts["data"]["checksum"], []).append(run)
    return max(groups.values(), key=len, default=[])


def among(runs: Sequence[Run], name: str) -> int:
    """The place of a run among others. Raises UnknownRun where it is not one of them."""
    for i, run in enumerate(runs):
        if run.name == name:
            return i
    raise UnknownRun(f"{name} is not among the chosen runs any more; click again, or choose it under «Which runs».")


def titles(runs: Sequence[Run]) -> list[str]:
    """What the runs are called, with a number behind a title that occurred before."""
    found = [run_title(run.config) for run in runs]
    return [t if t not in found[:i] else f"{t} ({found[: i + 1].count(t)})" for i, t in enumerate(found)]
