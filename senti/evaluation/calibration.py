"""Are the probabilities right? Reliability, ECE, coverage against accuracy."""

import numpy as np
import pandas as pd

from senti.evaluation.scores import wilson

BINS = 10


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> pd.DataFrame:
    """How often the answer is right among answers of like confidence: low, high, n, confidence, accuracy, and the
    accuracy's 95 % interval accuracy_low, accuracy_high; bins of equal width that hold something.

    probabilities: (n, classes).  Guo et al. 2017, On calibration of modern neural networks.
    """
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.ceil(sure * bins).astype(int) - 1, 0, bins - 1)  # bins (low, high]
    rows = []
    for i in np.unique(place):
        here = place == i
        n, correct = int(here.sum()), int(right[here].sum())
        rows.append((edges[i], edges[i + 1], n, float(sure[here].mean()), correct / n, *wilson(correct, n)))
    return pd.DataFrame(rows, columns=["low", "high", "n", "confidence", "accuracy", "accuracy_low", "accuracy_high"])


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = BINS) -> float:
    """The mean gap between confidence and accuracy over the bins, weighted by their sizes (ECE), 0..1."""
    found = reliability(probabilities, labels, bins)
    return float(((found["confidence"] - found["accuracy"]).abs() * found["n"]).sum() / found["n"].sum())


def coverage(probabilities: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Answer only when surer than a threshold: threshold, coverage (share answered), accuracy (of these), n.

    One row per distinct confidence, from answering everything to answering the surest alone.
    """
    sure, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    order = np.argsort(-sure, kind="stable")
    sure, correct, n = sure[order], np.cumsum(right[order]), np.arange(1, len(order) + 1)
    last = np.append(sure[1:] != sure[:-1], True)  # of equal confidence all or none are answered
    frame = pd.DataFrame({"threshold": sure, "coverage": n / len(n), "accuracy": correct / n, "n": n})
    return frame[last].iloc[::-1].reset_index(drop=True)
