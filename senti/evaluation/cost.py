"""What accuracy costs: which runs another one makes pointless."""

import pandas as pd

from senti.numbers import count, duration, milliseconds, size

COSTS = {  # columns of results_table, in words
    "train_seconds": "training time",
    "trained": "parameters trained",
    "memory": "peak memory",
    "bytes": "size on disk",
    "ms": "time per sentence",
}


def dominated(table: pd.DataFrame, cost: str) -> pd.Series:
    """Per row of a results table, the run that dominates it, or "" where none does; the best one if several do.

    A run dominates another on the same reviews (`data`) if it is at least as good in test accuracy and in the cost,
    one of COSTS, and better in one of them.  Where a cost is unknown, the run takes no part.
    """
    priced = table.assign(price=pd.to_numeric(table[cost]))
    return pd.Series([_by(priced, row) for _, row in priced.iterrows()], index=table.index, dtype=object)


def _by(table: pd.DataFrame, row: pd.Series) -> str:
    good = (table["data"] == row["data"]) & (table["test"] >= row["test"]) & (table["price"] <= row["price"])
    better = (table["test"] > row["test"]) | (table["price"] < row["price"])
    best = table[good & better].sort_values(["test", "price"], ascending=[False, True])
    return str(best["run"].iloc[0]) if len(best) else ""


def written(cost: str, value: float | None) -> str:
    """A cost as people read it: 3 min 13 s, 74,498, 2.2 GB, 0.001 ms."""
    if cost == "ms" or (cost == "train_seconds" and value is not None and value < 0.05):
        ms = value if cost == "ms" or value is None else 1000 * value
        return f"{ms:.1g} ms" if ms is not None and ms < 0.05 else milliseconds(ms)
    if cost == "memory":
        return size(value if value is None else value * 1e6)
    return {"train_seconds": duration, "trained": count, "bytes": size}[cost](value)
