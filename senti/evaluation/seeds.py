"""The same knobs with several seeds: what chance in training does to the accuracy.

A seed decides the order of the reviews, the fresh head and what dropout leaves out. The deviation over seeds tells how
far these move the accuracy; the 95 % interval of a run tells of other reviews. Neither holds the other.
"""

import json
import statistics
from collections.abc import Sequence
from typing import Any

import pandas as pd

from senti.config import Config, to_dict
from senti.evaluation.table import run_title
from senti.runs import Run

SPLITS = ("validation", "test")
COLUMNS = [
    "title", "method", "model", "data", "checksum", "seeds", "runs", "n_seeds", "validation", "validation_deviation",
    "test", "test_deviation", "test_lowest", "test_highest", "n_test",
]  # fmt: skip
MEANING = (
    "± of a row of seeds is the standard deviation over its seeds: how far chance in training moves the accuracy. It "
    "says nothing of other reviews; for that, see the interval of a single run."
)
SAME = "Its seeds give the same accuracy: chance plays no part that shows here."


def seed_groups(runs: Sequence[Run]) -> pd.DataFrame:
    """A row per set of finished runs on the same reviews whose knobs differ in the seed alone, two seeds at least.

    title, method, model, data (as in `results_table`), checksum, seeds (list), runs (list of names), n_seeds;
    validation and test are mean accuracies, the deviations those of a sample (n - 1), test_lowest and test_highest the
    range, n_test the test reviews. Of runs with one seed the newest counts, as of a run that was reproduced.
    """
    groups: dict[str, dict[int, Run]] = {}
    for run in sorted(runs, key=lambda run: run.created):
        if run.status == "finished":
            groups.setdefault(group_key(run.config, run.facts["data"]["checksum"]), {})[run.config.seed] = run
    rows = [_row([of[seed] for seed in sorted(of)]) for of in groups.values() if len(of) > 1]
    return pd.DataFrame(rows, columns=COLUMNS).sort_values(["data", "test"], kind="stable", ignore_index=True)


def group_key(config: Config, checksum: str) -> str:
    """What runs have in common that differ in nothing but the seed."""
    knobs = {name: value for name, value in to_dict(config).items() if name != "seed"}
    return json.dumps([checksum, knobs], sort_keys=True)


def seeds_title(title: str, n: int) -> str:
    """LoRA, rank 8, 5 seeds."""
    return f"{title}, {n} seeds"


def mean_and_deviation(mean: float, deviation: float) -> str:
    """83.1 ± 0.41 %: two digits of a deviation that is below one point, for one would hide it."""
    digits = 2 if 0 < deviation < 0.01 else 1
    return f"{100 * mean:.1f} ± {100 * deviation:.{digits}f} %"


def _row(runs: Sequence[Run]) -> dict[str, Any]:
    first = runs[0]
    results = [run.result or {} for run in runs]
    found = {split: [result["scores"][split]["accuracy"] for result in results] for split in SPLITS}
    data = results[0]["dataset"]
    return {
        "title": run_title(first.config), "method": results[0]["method"], "model": results[0]["model"],
        "data": f"{data['name']} {data['checksum']}", "checksum": data["checksum"],
        "seeds": [run.config.seed for run in runs], "runs": [run.name for run in runs], "n_seeds": len(runs),
        **{split: statistics.fmean(found[split]) for split in SPLITS},
        **{f"{split}_deviation": statistics.stdev(found[split]) for split in SPLITS},
        "test_lowest": min(found["test"]), "test_highest": max(found["test"]),
        "n_test": results[0]["scores"]["test"]["n"],
    }  # fmt: skip
