"""Are a linear SVM's probabilities right? Its margins taken for log-odds, and after one temperature scaled them.

The temperature is fitted on out-of-fold margins of the training split (Guo et al. 2017, On calibration of modern
neural networks); it moves no answer to another label.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from senti.config import SvmConfig, TfidfConfig
from senti.encoder import resolve_model
from senti.errors import BadConfig, UnknownRun
from senti.evaluation.calibration import expected_calibration_error, reliability
from senti.evaluation.compare import run_corpus
from senti.evaluation.slices import TESTED
from senti.methods import linear, svm
from senti.methods.classifier import softmax
from senti.runs import Run


@dataclass(frozen=True)
class Temperature:
    """before and after: tables as `reliability`, and the ECEs, 0..1, on n reviews.

    temperature: what the margins, taken for log-odds, are divided by; below 1 the margins were too timid.
    """

    temperature: float
    before: pd.DataFrame
    after: pd.DataFrame
    error_before: float
    error_after: float
    n: int


def temperature(run: Run, split: str = "validation") -> Temperature:
    """What calibration did to the probabilities of a finished SVM or TF-IDF run, on reviews that it never saw.

    Before: sigmoid of the margin (of more than two classes: softmax of the margins), as if it were a log-odds.
    Raises BadConfig, UnknownRun for other methods, BadData where the reviews are not here.
    """
    if split not in TESTED:
        raise BadConfig(f"split is {split!r}; choose one of {', '.join(TESTED)}.")
    config = run.config
    if not isinstance(config, SvmConfig | TfidfConfig) or run.status != "finished":
        raise UnknownRun(f"{run.name} has no margins; choose a finished run of TF-IDF or of an SVM on frozen features.")
    rows = run_corpus(run).splits[split]
    model = linear.restore(run.model_path)
    inputs, labels, classes = _inputs(config, rows), rows["label"].to_numpy(), len(run.facts["data"]["labels"])
    raw = linear.spread(model, naive(linear.margins(model, inputs)), classes)
    scaled = linear.spread(model, model.predict_proba(inputs), classes)
    return Temperature(
        linear.temperature_of(model), reliability(raw, labels), reliability(scaled, labels),
        expected_calibration_error(raw, labels), expected_calibration_error(scaled, labels), len(labels),
    )  # fmt: skip


def naive(margins: np.ndarray) -> np.ndarray:
    """Margins taken for log-odds: (n,) or (n, classes) to probabilities (n, classes)."""
    return softmax(np.column_stack([np.zeros(len(margins)), margins]) if margins.ndim == 1 else margins)


def _inputs(config: SvmConfig | TfidfConfig, rows: pd.DataFrame) -> Any:
    if isinstance(config, SvmConfig):
        return svm.vectors(config, resolve_model(config.model), list(rows["text"]))
    return rows["text"].to_numpy(dtype=object)
