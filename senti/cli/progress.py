"""A run's events as a person watches them: a bar on a terminal, plain lines in a pipe; always on stderr."""

import sys
from collections.abc import Callable
from typing import Any

from senti.numbers import duration, percent
from senti.signs import seen


def watcher() -> Callable[[dict[str, Any]], None]:
    """A function that shows one event after another."""
    return _bar() if sys.stderr.isatty() else _line


def note(text: str) -> None:
    """One remark on stderr."""
    print(seen(text), file=sys.stderr, flush=True)


def _line(row: dict[str, Any]) -> None:
    note(describe(row))


def describe(row: dict[str, Any]) -> str:
    """An event in words."""
    if row["split"] == "features":
        return f"features {row['step']} / {row['total_steps']}"
    if row["split"] == "tuning":
        return f"cross-validation {row['step']} / {row['total_steps']}"
    where = f"step {row['step']} / {row['total_steps']}  epoch {row['epoch']:.2f}"
    if row["split"] == "validation":
        return f"{where}  validation loss {row['loss']:.3f}  accuracy {percent(row['accuracy'])}"
    rate = f"  {row['samples_per_second']:.0f} reviews/s" if row.get("samples_per_second") else ""
    left = f"  {duration(row['eta'])} left" if row.get("eta") else ""
    return f"{where}  loss {row['loss']:.3f}{rate}{left}"


def _bar() -> Callable[[dict[str, Any]], None]:
    """Progress of training and feature extraction as a bar; evaluations stay as lines above it."""
    from tqdm import tqdm

    bars: dict[str, tqdm] = {}

    def show(row: dict[str, Any]) -> None:
        if row["split"] == "validation":
            tqdm.write(describe(row), file=sys.stderr)
            return
        unit = {"features": "reviews", "tuning": "fits"}.get(row["split"], "steps")
        if row["split"] not in bars:
            bars[row["split"]] = tqdm(total=row["total_steps"], unit=f" {unit}", file=sys.stderr, leave=False)
        bar = bars[row["split"]]
        if "loss" in row:
            bar.set_postfix_str(f"loss {row['loss']:.3f}", refresh=False)
        bar.update(row["step"] - bar.n)
        if row["step"] >= row["total_steps"]:
            bar.close()

    return show


def bar(unit: str) -> Callable[[int, int], None]:
    """A function that shows how many of how many are done: a bar on a terminal, nothing in a pipe."""
    from tqdm import tqdm

    shown = tqdm(unit=f" {unit}", file=sys.stderr, leave=False, disable=not sys.stderr.isatty())

    def show(done: int, total: int) -> None:
        shown.total = total
        shown.update(done - shown.n)
        if done >= total:
            shown.close()

    return show


def share_bar() -> Callable[[float, str], None]:
    """A function that shows which share is done, and of what: a bar on a terminal, nothing in a pipe."""
    from tqdm import tqdm

    shown = tqdm(total=100, file=sys.stderr, leave=False, disable=not sys.stderr.isatty(),
                 bar_format="{bar} {n:.0f} % {desc}")  # fmt: skip

    def show(share: float, what: str) -> None:
        shown.set_description_str(what, refresh=False)
        shown.update(100 * share - shown.n)

    return show
