"""Scores of one split, with an interval: an accuracy without one says nothing about the next thousand reviews."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

Z95 = 1.959963984540054  # the normal quantile that leaves 2.5 % on either side


def wilson(correct: int, n: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a share (Wilson 1927): the 95 % bounds of `correct` out of `n`."""
    if n == 0:
        return 0.0, 1.0
    share, square = correct / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def score(labels: Sequence[int], probabilities: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """Accuracy with its 95 % interval, macro precision, recall and F1, per class, and the confusion matrix.

    `probabilities` is (n, classes). In `confusion`, row i column j counts texts of class i called class j.
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    truth, guesses = np.asarray(labels), probabilities.argmax(axis=1)
    classes = list(range(len(names)))
    correct, n = int((truth == guesses).sum()), len(truth)
    low, high = wilson(correct, n)
    each = precision_recall_fscore_support(truth, guesses, labels=classes, zero_division=0)
    macro = [float(values.mean()) for values in each[:3]]
    per_class = {
        name: dict(zip(("precision", "recall", "f1"), (float(values[i]) for values in each[:3]), strict=True))
        | {"n": int(each[3][i])}
        for i, name in enumerate(names)
    }
    return {
        "accuracy": correct / n if n else 0.0, "accuracy_low": low, "accuracy_high": high,
        "macro_precision": macro[0], "macro_recall": macro[1], "macro_f1": macro[2], "n": n,
        "per_class": per_class,
        "confusion": confusion_matrix(truth, guesses, labels=classes).tolist(),
    }  # fmt: skip
