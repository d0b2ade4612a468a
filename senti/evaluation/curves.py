"""How well probabilities put the reviews of one class before all others: ROC, precision-recall, and their areas.

With more than two classes each is asked against the rest.
"""

import numpy as np
import pandas as pd


def roc(chances: np.ndarray, members: np.ndarray) -> pd.DataFrame:
    """The ROC curve of a class: threshold, false_rate, true_rate, from nothing found to everything found.

    chances: the class's probability per review (n,); members: whether the review is of the class (n,) bool.
    A row per distinct threshold; a rate is NaN where there is nothing it could be a share of.
    """
    thresholds, found, taken = _found(chances, members)
    inside, outside = int(members.sum()), int((~members).sum())
    return pd.DataFrame({
        "threshold": np.append(np.inf, thresholds), "false_rate": _share(np.append(0, taken - found), outside),
        "true_rate": _share(np.append(0, found), inside),
    })  # fmt: skip


def precision_recall(chances: np.ndarray, members: np.ndarray) -> pd.DataFrame:
    """The precision-recall curve of a class: threshold, recall, precision; arguments and rows as in `roc`."""
    thresholds, found, taken = _found(chances, members)
    recall = _share(found, int(members.sum()))
    return pd.DataFrame({"threshold": thresholds, "recall": recall, "precision": found / taken})


def auc(chances: np.ndarray, members: np.ndarray) -> float:
    """The area under the ROC curve: how often a review of the class is put before one that is not; NaN without either.

    Fawcett 2006, An introduction to ROC analysis.
    """
    curve = roc(chances, members)
    return float(np.trapezoid(curve["true_rate"], curve["false_rate"]))


def average_precision(chances: np.ndarray, members: np.ndarray) -> float:
    """Precision averaged over the steps of recall, without interpolation; NaN where no review is of the class."""
    curve = precision_recall(chances, members)
    return float((curve["precision"] * np.diff(curve["recall"], prepend=0)).sum(skipna=False))


def areas(probabilities: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Per class, against the rest: class (its number), n (reviews of it), auc, average_precision.

    probabilities: (n, classes); labels: (n,).
    """
    rows = []
    for i in range(probabilities.shape[1]):
        chances, members = probabilities[:, i], labels == i
        rows.append((i, int(members.sum()), auc(chances, members), average_precision(chances, members)))
    return pd.DataFrame(rows, columns=["class", "n", "auc", "average_precision"])


def overall_areas(probabilities: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    """AUC and average precision in one number each: of the second class where there are two, else the classes' mean."""
    found = areas(probabilities, labels)
    shown = found.iloc[1:] if len(found) == 2 else found
    return float(shown["auc"].mean()), float(shown["average_precision"].mean())


def _found(chances: np.ndarray, members: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Falling distinct thresholds, the members found at each, and all reviews taken at each."""
    order = np.argsort(-chances, kind="stable")
    sorted_chances = chances[order]
    last = np.append(sorted_chances[1:] != sorted_chances[:-1], True)  # equal chances are taken together
    return sorted_chances[last], np.cumsum(members[order])[last], np.arange(1, len(order) + 1)[last]


def _share(counts: np.ndarray, whole: int) -> np.ndarray:
    return counts / whole if whole else np.full(len(counts), np.nan)
