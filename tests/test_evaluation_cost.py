"""Which runs are not worth their cost: fronts worked out by hand, and a plain loop over random tables."""

import json

import numpy as np
import pandas as pd
import pytest

from senti.evaluation import COSTS, dominated, results_table


def table(rows: list[tuple], cost: str = "ms") -> pd.DataFrame:
    """A results table of (run, test accuracy, cost), all on the same reviews unless a fourth says which."""
    return pd.DataFrame([{"run": run, "test": test, cost: price, "data": data[0] if data else "here"}
                         for run, test, price, *data in rows])  # fmt: skip


def who(rows: list[tuple]) -> dict[str, str]:
    frame = table(rows)
    return dict(zip(frame["run"], dominated(frame, "ms"), strict=True))


def test_a_front_worked_out_by_hand():
    assert who([("floor", 0.5, 0.1), ("svm", 0.78, 9), ("tfidf", 0.79, 1), ("lora", 0.84, 10), ("full", 0.83, 12)]) == {
        "floor": "", "svm": "tfidf", "tfidf": "", "lora": "", "full": "lora",
    }  # fmt: skip


def test_as_good_and_cheaper_or_as_cheap_and_better_dominates_and_equal_runs_do_not():
    assert who([("a", 0.8, 1), ("b", 0.8, 2)]) == {"a": "", "b": "a"}
    assert who([("a", 0.8, 1), ("b", 0.7, 1)]) == {"a": "", "b": "a"}
    assert who([("a", 0.8, 1), ("b", 0.8, 1)]) == {"a": "", "b": ""}


def test_of_several_that_dominate_the_best_is_named_then_the_cheapest():
    assert who([("c", 0.7, 9), ("cheap", 0.75, 1), ("dear", 0.9, 8), ("best", 0.9, 5)])["c"] == "best"


def test_runs_on_other_reviews_and_unknown_costs_take_no_part():
    assert who([("a", 0.9, 1), ("b", 0.7, 2, "elsewhere")]) == {"a": "", "b": ""}
    assert who([("a", 0.9, None), ("b", 0.7, 2), ("c", 0.6, np.nan)]) == {"a": "", "b": "", "c": ""}
    assert who([("ensemble", 0.9, 0), ("b", 0.7, 2)])["b"] == "ensemble"
    assert len(dominated(table([("a", 0.9, 1)])[:0], "ms")) == 0


def test_a_plain_loop_finds_the_same():
    draw = np.random.default_rng(0)
    frame = table([(f"r{i}", draw.integers(3) / 3, draw.integers(4), f"d{draw.integers(2)}") for i in range(60)])
    frame.index = draw.permutation(60)  # as a sorted results table has it
    for i, (run, by) in enumerate(zip(frame["run"], dominated(frame, "ms"), strict=True)):
        mine = frame.iloc[i]
        those = [
            other for _, other in frame.iterrows() if other["data"] == mine["data"] and (
                (other["test"] >= mine["test"] and other["ms"] < mine["ms"])
                or (other["test"] > mine["test"] and other["ms"] <= mine["ms"]))
        ]  # fmt: skip
        assert (by == "") == (not those), run
        if those:
            top = max(those, key=lambda other: (other["test"], -other["ms"]))
            assert (top["test"], top["ms"]) == tuple(frame.set_index("run").loc[by, ["test", "ms"]])


@pytest.fixture(scope="module")
def root(tmp_path_factory, tiny_folder):
    """A finished run that says nothing of its memory, as on Windows, and one that does."""
    from senti.config import MajorityConfig, TfidfConfig
    from senti.experiment import conduct, create, prepare

    root = tmp_path_factory.mktemp("runs")
    for cls in (MajorityConfig, TfidfConfig):
        conduct(create(root, prepare(cls(dataset=str(tiny_folder)))))
    silent = next(root.glob("*majority*")) / "result.json"
    silent.write_text(json.dumps(json.loads(silent.read_text()) | {"peak_memory_mb": None}))
    return root


def test_every_cost_is_a_column_of_the_results_table_and_is_json(root):
    frame = results_table(root)
    for cost in COSTS:
        assert list(dominated(frame, cost)) == ["", ""], cost  # the floor is cheaper, or not known
    told = json.loads(json.dumps(frame.to_dict("records"), allow_nan=False))
    assert told[0]["memory"] is None and told[1]["memory"] > 50
