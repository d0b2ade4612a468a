"""C by cross-validation on the training split alone, for the two linear methods.

Every step of the pipeline (scaler, vocabulary) is fitted anew on the training part of each fold, so that the part
that is scored has told nothing; validation and test reviews are never seen.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from senti.config import SvmConfig, TfidfConfig
from senti.errors import Stopped

STEPS = (0.01, 0.1, 1.0, 10.0, 100.0)  # of the grid, around a method's default C
FOLDS = 5
Report = Callable[[int, int], None]


def grid(config: SvmConfig | TfidfConfig) -> tuple[float, ...]:
    """The values of C that are tried, strongest regularisation first."""
    return tuple(float(f"{type(config)().C * step:g}") for step in STEPS)


def folds_of(labels: pd.Series) -> int:
    """Five, or as many as the rarest class has reviews."""
    return int(min(FOLDS, labels.value_counts().min()))


def cross_validate(
    pipeline: Any, inputs: Any, labels: pd.Series, values: Sequence[float], seed: int = 0,
    on_progress: Report | None = None, should_stop: Callable[[], bool] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """One row per value of C: C, accuracy (mean over stratified folds), correct (of all n out-of-fold answers), n.

    pipeline: unfitted, its last step takes `C`.  inputs: an array of n rows of what its first step takes.  The same
    numbers as scikit-learn's GridSearchCV with these folds; the steps before the last are fitted once per fold.
    Raises Stopped.
    """
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    truth, done = labels.to_numpy(), 0
    folds = StratifiedKFold(folds_of(labels), shuffle=True, random_state=seed)
    right = np.zeros((len(values), folds.n_splits))
    sizes = np.zeros(folds.n_splits)
    for j, (learn, ask) in enumerate(folds.split(truth, truth)):
        before = clone(pipeline[:-1])
        known, asked = before.fit_transform(inputs[learn], truth[learn]), before.transform(inputs[ask])
        sizes[j] = len(ask)
        for i, C in enumerate(values):
            if should_stop and should_stop():
                raise Stopped("Stopped while C was chosen.")
            svc = clone(pipeline[-1]).set_params(C=C).fit(known, truth[learn])
            right[i, j] = (svc.predict(asked) == truth[ask]).sum()
            done += 1
            if on_progress:
                on_progress(done, right.size)
    return pd.DataFrame({"C": list(values), "accuracy": (right / sizes).mean(axis=1),
                         "correct": right.sum(axis=1).astype(int), "n": len(truth)})  # fmt: skip


def best_C(table: pd.DataFrame) -> float:
    """The C with the best mean accuracy; of equals the smallest, which regularises most."""
    return float(table["C"][table["accuracy"].idxmax()])
