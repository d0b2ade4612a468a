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


def own_labels(labels: pd.Series, origins: np.ndarray | None) -> pd.Series:
    """The labels of the reviews themselves, which come before their variants."""
    return labels if origins is None else labels[origins == np.arange(len(labels))]


def fold_places(
    labels: pd.Series, origins: np.ndarray | None = None, seed: int | None = None
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Stratified folds: (places to learn from, places to ask) each, shuffled where there is a seed.

    origins: per text the row it comes from, as `augmented` gives it.  A variant stays on the side of its review: a
    fold that asks what it has all but learned would tell nothing.
    """
    from sklearn.model_selection import StratifiedKFold

    own = own_labels(labels, origins)
    folds = StratifiedKFold(folds_of(own), shuffle=seed is not None, random_state=seed).split(own, own)
    if origins is None:
        return list(folds)
    return [(np.flatnonzero(np.isin(origins, learn)), np.flatnonzero(np.isin(origins, ask))) for learn, ask in folds]


def cross_validate(
    pipeline: Any, inputs: Any, labels: pd.Series, values: Sequence[float], seed: int = 0,
    on_progress: Report | None = None, should_stop: Callable[[], bool] | None = None,
    origins: np.ndarray | None = None,
) -> pd.DataFrame:  # fmt: skip
    """One row per value of C: C, accuracy (mean over stratified folds), correct (of all n out-of-fold answers), n.

    pipeline: unfitted, its last step takes `C`.  inputs: an array of n rows of what its first step takes.  The same
    numbers as scikit-learn's GridSearchCV with these folds; the steps before the last are fitted once per fold.
    origins: as `fold_places`; variants are learned from, only the reviews themselves are asked.  Raises Stopped.
    """
    from sklearn.base import clone

    truth, done = labels.to_numpy(), 0
    folds, own = fold_places(labels, origins, seed), len(own_labels(labels, origins))
    right = np.zeros((len(values), len(folds)))
    sizes = np.zeros(len(folds))
    for j, (learn, ask) in enumerate(folds):
        ask = ask[ask < own]
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
                         "correct": right.sum(axis=1).astype(int), "n": own})  # fmt: skip


def best_C(table: pd.DataFrame) -> float:
    """The C with the best mean accuracy; of equals the smallest, which regularises most."""
    return float(table["C"][table["accuracy"].idxmax()])
