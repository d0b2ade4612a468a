"""A linear SVM whose margins become probabilities, and its safe file on disk; shared by `tfidf` and `svm`.

Margins are scaled by one temperature, fitted on out-of-fold margins of the training split (Guo et al. 2017),
so that the most probable label is always the label that the SVM chose.
"""

import functools
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd

from senti.config import SvmConfig, TfidfConfig
from senti.errors import BadData, MissingModel
from senti.methods.tuning import best_C, cross_validate, fold_places, folds_of, grid, own_labels
from senti.numbers import percent
from senti.runs import Run

KEPT_IN_MEMORY = 8  # a vocabulary of 100,000 word pairs takes a second to read
TRUSTED = [  # the only types that a saved model may hold, beside arrays, lists and numbers
    "builtins.str", "numpy.float64", "sklearn.calibration.CalibratedClassifierCV",
    "sklearn.calibration._CalibratedClassifier", "sklearn.calibration._TemperatureScaling",
    "sklearn.feature_extraction.text.TfidfTransformer", "sklearn.feature_extraction.text.TfidfVectorizer",
    "sklearn.pipeline.Pipeline", "sklearn.preprocessing._data.StandardScaler", "sklearn.svm._classes.LinearSVC",
]  # fmt: skip


def fit_linear(
    config: SvmConfig | TfidfConfig, pipeline: Any, inputs: Any, train: pd.DataFrame, run: Run
) -> tuple[Any, tuple[str, ...]]:
    """Fit a pipeline that ends in a LinearSVC, with probabilities; what a reader should know of it is the second.

    inputs: what its first step takes, n of them.  train: their labels, and their origins where some are variants.
    Where the config says so, C is first chosen by cross-validation, which the run's folder then tells of in
    `tuning.json`.  Raises BadData where a class has a single text: its margins out of fold would come from an SVM that
    never saw it.
    """
    from sklearn.calibration import CalibratedClassifierCV

    labels, origins = train["label"], train["origin"].to_numpy() if "origin" in train else None
    folds = folds_of(own_labels(labels, origins))
    if folds < 2:
        raise BadData("A class has only one training review and the SVM needs two of each; use more reviews.")
    notes = (_tune(config, pipeline, inputs, labels, run, origins),) if config.tune_C else ()
    places = fold_places(labels, origins)
    model = CalibratedClassifierCV(pipeline, method="temperature", cv=places, ensemble=False).fit(inputs, labels)
    return model.set_params(cv=folds), notes  # places would fill its file


def _tune(
    config: SvmConfig | TfidfConfig, pipeline: Any, inputs: Any, labels: pd.Series, run: Run,
    origins: np.ndarray | None,
) -> str:  # fmt: skip
    """Give the pipeline its best C; returns a sentence on it."""
    report = recorder(run, "tuning", time.perf_counter())
    table = cross_validate(pipeline, inputs, labels, grid(config), config.seed, report, lambda: run.stop_requested,
                           origins)  # fmt: skip
    best, folds = best_C(table), folds_of(own_labels(labels, origins))
    pipeline[-1].set_params(C=best)
    run.write_json("tuning.json", {"folds": folds, "C": best, "table": table.to_dict("records")})
    return (f"C = {best:g} was chosen by {folds}-fold cross-validation on the training reviews: "
            f"{percent(table['accuracy'].max())} right there.")  # fmt: skip


def recorder(run: Run, what: str, began: float) -> Callable[[int, int], None]:
    """Write rows of progress, of reading (`features`) or of choosing C (`tuning`), at most twice a second."""
    last = [0.0]

    def record(done: int, total: int) -> None:
        now = time.perf_counter()
        if now - last[0] < 0.5 and done < total:
            return
        last[0] = now
        seconds = now - began
        rate = done / seconds if seconds else 0.0
        eta = (total - done) / rate if rate else None
        speed = {"samples_per_second": rate} if what == "features" else {}
        run.record({"step": done, "total_steps": total, "split": what, **speed, "seconds": seconds, "eta": eta})

    return record


def svc_of(model: Any) -> Any:
    """The LinearSVC inside a fitted model, for its coefficients."""
    return model.calibrated_classifiers_[0].estimator[-1]


def inputs_of(model: Any) -> Any:
    """The fitted steps before the LinearSVC: their `transform` gives the vectors that it really sees."""
    return model.calibrated_classifiers_[0].estimator[:-1]


def margins(model: Any, inputs: Any) -> np.ndarray:
    """How far each input lies from the boundary, before any temperature: (n,) of two classes, else (n, classes)."""
    found: np.ndarray = model.calibrated_classifiers_[0].estimator.decision_function(inputs)
    return found


def temperature_of(model: Any) -> float:
    """What the margins, taken for log-odds, are divided by."""
    # of two classes, scikit-learn multiplies -margin and +margin by its factor: twice the log-odds
    factor = float(model.calibrated_classifiers_[0].calibrators[0].beta_)
    return 1 / (factor * 2 if len(model.classes_) == 2 else factor)


def size_of(model: Any) -> int:
    """How many numbers training chose: coefficients and intercepts."""
    svc = svc_of(model)
    return int(svc.coef_.size + svc.intercept_.size)


def save(model: Any, folder: Path) -> None:
    """Write a fitted model to `folder` as a skops file, which holds no pickles."""
    _trust_no_more()
    import skops.io

    folder.mkdir(exist_ok=True)
    # a vocabulary of 100,000 word pairs takes 90 MB as plain JSON
    skops.io.dump(model, folder / "model.skops", compression=zipfile.ZIP_DEFLATED)


def restore(folder: Path) -> Any:
    """Read a saved model. Raises MissingModel where the file is damaged or holds a type that is not on our list.

    The last ones are kept in memory; nobody may change them.
    """
    file = folder / "model.skops"
    return _restored(file, file.stat().st_mtime_ns if file.exists() else 0)


@functools.lru_cache(maxsize=KEPT_IN_MEMORY)
def _restored(file: Path, saved: int) -> Any:
    _trust_no_more()
    import skops.io
    from sklearn.calibration import CalibratedClassifierCV
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        model = skops.io.load(file, trusted=TRUSTED)
    except UntrustedTypesFoundException as e:
        raise MissingModel(f"{file} holds what no SVM of senti holds; it is not read: train the run again.") from e
    except Exception as e:  # what is no zip, no JSON or no model fails in many ways
        raise MissingModel(f"{file} is damaged ({type(e).__name__}); train the run again.") from e
    if not isinstance(model, CalibratedClassifierCV):
        raise MissingModel(f"{file} holds no SVM; train the run again.")
    return model


def _trust_no_more() -> None:
    """Leave empty the lists of types that skops itself trusts, before it is imported: TRUSTED is all that is read.

    To make them, it would import all of scikit-learn and look for each function of SciPy in every loaded module, which
    takes 2 to 4 seconds.
    """
    lists = ModuleType("skops.io._trusted_types")

    def empty(name: str) -> list[str]:
        if not name.endswith("_TYPE_NAMES"):
            raise AttributeError(name)
        return []

    setattr(lists, "__getattr__", empty)  # noqa: B010 - of a module, it is looked up like any other name (PEP 562)
    sys.modules.setdefault(lists.__name__, lists)


def spread(model: Any, probabilities: np.ndarray, classes: int) -> np.ndarray:
    """Put the columns of the labels seen in training at their places among all `classes`: (n, classes)."""
    full = np.zeros((len(probabilities), classes))
    full[:, model.classes_] = probabilities
    return full
