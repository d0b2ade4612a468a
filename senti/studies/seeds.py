"""A finished run once more with other seeds: is its accuracy its own, or its seed's?"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pandas as pd

from senti.config import Config, EnsembleConfig, MajorityConfig
from senti.errors import BadConfig, UnknownRun
from senti.evaluation import finished_runs
from senti.evaluation.seeds import group_key, seed_groups
from senti.experiment import conduct, create, prepare
from senti.runs import Run, open_run

MOST = 50  # seeds; a deviation is known to a tenth of itself by then


def repeat(
    root: Path, name: str, seeds: int, on_event: Callable[[dict[str, Any]], None] | None = None
) -> pd.Series:  # fmt: skip
    """Train a finished run's knobs until they have been trained with so many seeds; returns its row of `seed_groups`.

    The smallest seeds that have no run yet come first; each run stands among the others. Raises UnknownRun where the
    run has not finished, BadConfig where another seed would change nothing, or the reviews themselves, and what
    `conduct` raises.
    """
    for config in missing(root, name, seeds):
        conduct(replace(create(root, prepare(config, root)), on_event=on_event))
    groups = seed_groups(same_but_seed(root, open_run(root, name)))
    return groups.iloc[0]


def missing(root: Path, name: str, seeds: int) -> list[Config]:
    """The configs still to be trained; nothing where there are seeds enough. Raises as `repeat` does."""
    run = open_run(root, name)
    if run.status != "finished":
        raise UnknownRun(f"{name} is {run.status}; only a finished run can be repeated with other seeds.")
    if not 2 <= seeds <= MOST:
        raise BadConfig(f"seeds is {seeds}; it must be between 2 and {MOST}.")
    if isinstance(run.config, MajorityConfig | EnsembleConfig):
        raise BadConfig(f"{name} leaves nothing to chance, so another seed is the same run; repeat a trained one.")
    known = {other.config.seed for other in same_but_seed(root, run)}
    fresh = _unused(known)
    configs = [replace(run.config, seed=next(fresh)) for _ in range(seeds - len(known))]
    for config in configs[:1]:
        if prepare(config, root).corpus.checksum != run.facts["data"]["checksum"]:
            raise BadConfig(
                f"The seed of {name} also drew its reviews, so another seed has others; repeat a run without a subset, "
                "on reviews that come in splits of their own."
            )
    return configs


def same_but_seed(root: Path, run: Run) -> list[Run]:
    """The finished runs that differ from a run in the seed at most, itself among them."""
    key = group_key(run.config, run.facts["data"]["checksum"])
    return [other for other in finished_runs(root) if group_key(other.config, other.facts["data"]["checksum"]) == key]


def _unused(known: set[int]) -> Iterator[int]:
    return (seed for seed in count() if seed not in known)
