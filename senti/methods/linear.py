"""A linear SVM whose margins become probabilities, and its safe file on disk; shared by `tfidf` and `svm`.

Margins are scaled by one temperature, fitted on out-of-fold margins of the training split (Guo et al. 2017),
so that the most probable label is always the label that the SVM chose.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

FOLDS = 5
# the only types beyond scikit-learn's own estimators that a saved model may hold
TRUSTED = ["sklearn.calibration._CalibratedClassifier", "sklearn.calibration._TemperatureScaling"]


def fit_linear(pipeline: Any, inputs: Any, labels: pd.Series) -> Any:
    """Fit a pipeline that ends in a LinearSVC, with probabilities. `inputs` is what its first step takes, n of them."""
    from sklearn.calibration import CalibratedClassifierCV

    folds = int(min(FOLDS, labels.value_counts().min()))
    return CalibratedClassifierCV(pipeline, method="temperature", cv=folds, ensemble=False).fit(inputs, labels)


def svc_of(model: Any) -> Any:
    """The LinearSVC inside a fitted model, for its coefficients."""
    return model.calibrated_classifiers_[0].estimator[-1]


def size_of(model: Any) -> int:
    """How many numbers training chose: coefficients and intercepts."""
    svc = svc_of(model)
    return int(svc.coef_.size + svc.intercept_.size)


def save(model: Any, folder: Path) -> None:
    """Write a fitted model to `folder` as a skops file, which holds no pickles."""
    import skops.io

    folder.mkdir(exist_ok=True)
    # a vocabulary of 100,000 word pairs takes 90 MB as plain JSON
    skops.io.dump(model, folder / "model.skops", compression=zipfile.ZIP_DEFLATED)


def restore(folder: Path) -> Any:
    """Read a saved model; a file with any type not on our list is refused."""
    import skops.io

    return skops.io.load(folder / "model.skops", trusted=TRUSTED)


def spread(model: Any, probabilities: np.ndarray, classes: int) -> np.ndarray:
    """Put the columns of the labels seen in training at their places among all `classes`: (n, classes)."""
    full = np.zeros((len(probabilities), classes))
    full[:, model.classes_] = probabilities
    return full
