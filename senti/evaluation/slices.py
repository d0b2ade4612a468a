"""How well finished runs do on each slice of the reviews."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from senti.evaluation.scores import wilson
from senti.runs import Run, saved_probabilities

TESTED = ("validation", "test")


def right_answers(run: Run, split: str) -> np.ndarray:
    """Whether the run got each review of a split right when it was trained, (n,) bool."""
    labels, probabilities = saved_probabilities(run, split)
    right: np.ndarray = probabilities.argmax(axis=1) == labels
    return right


def slice_scores(masks: pd.DataFrame, runs: Sequence[Run], split: str = "test") -> pd.DataFrame:
    """One row per slice and run: slice, size, run, correct, accuracy, low, high (95 % Wilson interval).

    masks: booleans per slice (columns) of a split's reviews, in their order.  Costs no inference.  All runs must have
    been tested on these very reviews.
    """
    rows, sizes = [], masks.sum()
    for run in runs:
        right = right_answers(run, split)
        for name in masks:
            n, correct = int(sizes[name]), int((right & masks[name].to_numpy()).sum())
            rows.append((name, n, run.name, correct, correct / n if n else np.nan, *wilson(correct, n)))
    return pd.DataFrame(rows, columns=["slice", "size", "run", "correct", "accuracy", "low", "high"])
