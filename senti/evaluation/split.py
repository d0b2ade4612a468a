"""A whole split in figures, from the predictions that runs saved; costs no inference.

>>> split_figures(finished_runs(Path("checkpoints")), "test", threshold=0.9)
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from senti.evaluation.agreement import parts
from senti.evaluation.calibration import coverage, expected_calibration_error
from senti.evaluation.compare import answers, run_corpus
from senti.evaluation.curves import overall_areas
from senti.evaluation.scores import wilson
from senti.evaluation.table import run_title
from senti.runs import Run, saved_probabilities

THRESHOLD = 0.9


def split_figures(runs: Sequence[Run], split: str = "test", threshold: float = THRESHOLD) -> pd.DataFrame:
    """One row per run: run, title, n, accuracy with its 95 % interval low and high, confidence (mean), ece, auc,
    average_precision (`overall_areas`), coverage and accuracy_covered (`answered`; NaN where nothing is answered).
    """
    columns = ["run", "title", "n", "accuracy", "low", "high", "confidence", "ece", "auc", "average_precision",
               "coverage", "accuracy_covered"]  # fmt: skip
    return pd.DataFrame([_figures(run, split, threshold) for run in runs], columns=columns)


def _figures(run: Run, split: str, threshold: float) -> tuple[object, ...]:
    labels, probabilities = saved_probabilities(run, split)
    n, correct = len(labels), int((probabilities.argmax(axis=1) == labels).sum())
    sure = float(probabilities.max(axis=1).mean())
    error, areas = expected_calibration_error(probabilities, labels), overall_areas(probabilities, labels)
    share, accuracy = answered(coverage(probabilities, labels), threshold)
    return (run.name, run_title(run.config), n, correct / n, *wilson(correct, n), sure, error, *areas, share, accuracy)


def answered(curve: pd.DataFrame, threshold: float) -> tuple[float, float]:
    """The share of reviews answered by a run that keeps silent where it is less sure than the threshold, and the share
    of these answered rightly; (0, NaN) where it answers none.  curve: as `coverage` gives it.
    """
    here = curve[curve["threshold"] >= threshold]
    return (float(here["coverage"].iloc[0]), float(here["accuracy"].iloc[0])) if len(here) else (0.0, float("nan"))


def confusion(truth: np.ndarray, guesses: np.ndarray, classes: int) -> np.ndarray:
    """How many reviews of class i were called class j, (classes, classes), from two arrays of classes (n,)."""
    return np.bincount(truth * classes + guesses, minlength=classes**2).reshape(classes, classes)


def split_reviews(runs: Sequence[Run], split: str = "test") -> pd.DataFrame:
    """Every review of a split with what the runs said of it, in the split's order.

    Columns: number (from 1), text, label (its name), part (of agreement.PARTS), confidence (mean over the runs in what
    they said), said and sure (tuples in the order of the runs: label, its probability).  Raises BadData.
    """
    names = runs[0].facts["data"]["labels"]
    truth, probabilities = answers(runs, split)
    guesses, sure = probabilities.argmax(axis=2), probabilities.max(axis=2)
    return pd.DataFrame({
        "number": range(1, len(truth) + 1), "text": list(run_corpus(runs[0]).splits[split]["text"]),
        "label": [names[i] for i in truth], "part": parts(truth, guesses), "confidence": sure.mean(axis=0),
        "said": [tuple(names[i] for i in row) for row in guesses.T], "sure": [tuple(map(float, row)) for row in sure.T],
    })  # fmt: skip
