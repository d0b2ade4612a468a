"""Scores of one split, with an interval: an accuracy without one says nothing about the next thousand reviews."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from senti.corpus import grades
from senti.numbers import interval, plus_minus

Z95 = 1.959963984540054  # the normal quantile that leaves 2.5 % on either side
DRAWS = 1000


def wilson(correct: float, n: int, z: float = Z95) -> tuple[float, float]:
    """The Wilson score interval of a share (Wilson 1927): the 95 % bounds of `correct` out of `n`."""
    if n == 0:
        return 0.0, 1.0
    share, square = correct / n, z * z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(share * (1 - share) / n + square / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)


def newcombe(first: float, n_first: int, second: float, n_second: int) -> tuple[float, float]:
    """The 95 % interval of a difference of two shares of different texts: `first` of `n_first` right, less the second.

    Newcombe 1998, Interval estimation for the difference between independent proportions, method 10: the distances to
    the Wilson bounds of both, squared and added.
    """
    shares = first / max(n_first, 1), second / max(n_second, 1)
    (low_1, high_1), (low_2, high_2) = wilson(first, n_first), wilson(second, n_second)
    difference = shares[0] - shares[1]
    return (difference - math.hypot(shares[0] - low_1, high_2 - shares[1]),
            difference + math.hypot(high_1 - shares[0], shares[1] - low_2))  # fmt: skip


def score(labels: Sequence[int], probabilities: np.ndarray, names: Sequence[str]) -> dict[str, Any]:
    """Accuracy with its 95 % interval, macro precision, recall and F1, per class, and the confusion matrix.

    `probabilities` is (n, classes). In `confusion`, row i column j counts texts of class i called class j. Three or
    more classes that are grades add `qwk` and `mae`, from the worst grade to the best. Macro F1 and these two carry
    95 % percentile intervals, name_low and name_high, from DRAWS bootstrap samples of the texts (Efron & Tibshirani
    1993).
    """
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    truth, guesses = np.asarray(labels), probabilities.argmax(axis=1)
    classes = list(range(len(names)))
    correct, n = int((truth == guesses).sum()), len(truth)
    low, high = wilson(correct, n)
    each = precision_recall_fscore_support(truth, guesses, labels=classes, zero_division=0)
    macro = [float(values.mean()) for values in each[:2]]
    per_class = {
        name: dict(zip(("precision", "recall", "f1"), (float(values[i]) for values in each[:3]), strict=True))
        | {"n": int(each[3][i])}
        for i, name in enumerate(names)
    }
    confusion = confusion_matrix(truth, guesses, labels=classes)
    return {
        "accuracy": correct / n if n else 0.0, "accuracy_low": low, "accuracy_high": high,
        "macro_precision": macro[0], "macro_recall": macro[1], "n": n,
        **_of_confusion(confusion, names),
        "per_class": per_class,
        "confusion": confusion.tolist(),
    }  # fmt: skip


def beyond_accuracy(scores: dict[str, Any]) -> list[tuple[str, str]]:
    """Scores that more than two classes ask for beside accuracy, as name and value; of two classes, none."""
    if len(scores["confusion"]) < 3:
        return []
    told = [("macro F1", interval(scores["macro_f1"], scores["macro_f1_low"], scores["macro_f1_high"]))]
    for name, title in (("qwk", "quadratic kappa"), ("mae", "grades off")):
        if name in scores:
            told.append((title, plus_minus(scores[name], scores[f"{name}_low"], scores[f"{name}_high"])))
    return told


def macro_f1(confusion: np.ndarray) -> np.ndarray:
    """The mean of the classes' F1 of (..., classes, classes) counts; a class that is neither there nor said has 0."""
    right = np.diagonal(confusion, axis1=-2, axis2=-1)
    either = confusion.sum(axis=-1) + confusion.sum(axis=-2)
    found: np.ndarray = (2 * right / np.maximum(either, 1)).mean(axis=-1)
    return found


def quadratic_kappa(confusion: np.ndarray) -> np.ndarray:
    """Quadratic weighted kappa of (..., classes, classes) counts whose classes are in order: 1 agrees, 0 is chance.

    Cohen 1968, Weighted kappa. A mistake counts by the square of its distance. 0 where all texts are in one class and
    all are called by one, so that there is nothing to agree on.
    """
    n = np.maximum(confusion.sum(axis=(-2, -1)), 1)
    chance = confusion.sum(axis=-1)[..., :, None] * confusion.sum(axis=-2)[..., None, :] / n[..., None, None]
    weights = _steps(confusion) ** 2
    expected = (weights * chance).sum(axis=(-2, -1))
    seen = (weights * confusion).sum(axis=(-2, -1))
    found: np.ndarray = np.where(expected > 0, 1 - seen / np.maximum(expected, 1e-12), 0)
    return found


def mean_absolute_error(confusion: np.ndarray) -> np.ndarray:
    """How many grades an answer is off on average, of (..., classes, classes) counts whose classes are in order."""
    found: np.ndarray = (_steps(confusion) * confusion).sum(axis=(-2, -1)) / np.maximum(confusion.sum(axis=(-2, -1)), 1)
    return found


def _of_confusion(confusion: np.ndarray, names: Sequence[str]) -> dict[str, float]:
    """The scores that are functions of the confusion matrix, each with its interval."""
    measures = {"macro_f1": macro_f1}
    places = grades(names)
    if places and len(names) > 2:  # of two, both say what accuracy says
        order = np.argsort(places)
        confusion = confusion[np.ix_(order, order)]
        measures |= {"qwk": quadratic_kappa, "mae": mean_absolute_error}
    n = int(confusion.sum())
    drawn = np.random.default_rng(0).multinomial(n, confusion.ravel() / max(n, 1), DRAWS).reshape(-1, *confusion.shape)
    out: dict[str, float] = {}
    for name, measure in measures.items():
        low, high = np.quantile(measure(drawn), [0.025, 0.975])
        out |= {name: float(measure(confusion)), f"{name}_low": float(low), f"{name}_high": float(high)}
    return out


def _steps(confusion: np.ndarray) -> np.ndarray:
    """How far class i is from class j, in grades: (classes, classes)."""
    places = np.arange(confusion.shape[-1])
    return np.abs(places[:, None] - places)
