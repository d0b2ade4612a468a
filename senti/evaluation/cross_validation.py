"""Accuracy per C on folds of the training reviews, of a run of TF-IDF or of an SVM on frozen features."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd

from senti.cache import cache_dir
from senti.config import SvmConfig, TfidfConfig
from senti.encoder import resolve_model, resolve_precision
from senti.encoder.facts import reading_checksum
from senti.errors import UnknownRun
from senti.evaluation.compare import run_corpus
from senti.evaluation.kept import read_rows, write_rows
from senti.evaluation.learning_curve import pipeline_of
from senti.evaluation.progress import Report, reading
from senti.evaluation.scores import wilson
from senti.methods import svm
from senti.methods.tuning import best_C, cross_validate, grid
from senti.runs import Run

COLUMNS = ["C", "accuracy", "correct", "n"]


def cross_validation(run: Run, on_progress: Report | None = None) -> pd.DataFrame:
    """One row per value of C that was tried: C, accuracy, low, high (95 % Wilson), n, best (bool).

    From stratified folds of the training split; validation and test reviews play no part.  Of a run that chose its C
    so, as recorded then; of any other it is computed (on_progress: share done, and of what), and kept on disk.
    Raises UnknownRun for other methods, BadData where the reviews are not here.
    """
    found = known_cross_validation(run)
    return found if found is not None else _told(_compute(run, on_progress or (lambda share, what: None)))


def known_cross_validation(run: Run) -> pd.DataFrame | None:
    """What the run recorded, or `cross_validation` found earlier; None where neither is. Raises UnknownRun."""
    config = _config(run)
    if config.tune_C:
        try:
            recorded = json.loads((run.path / "tuning.json").read_text())
        except (OSError, ValueError):
            raise UnknownRun(f"{run.name} is {run.status} and has not chosen its C; choose a finished run.") from None
        return _told(pd.DataFrame(recorded["table"]))
    rows = read_rows(_path(run), COLUMNS)
    return None if rows is None else _told(rows)


def used_C(run: Run) -> float:
    """The C a run was trained with: chosen by cross-validation, or given. Raises UnknownRun."""
    config = _config(run)
    return best_C(cross_validation(run)) if config.tune_C else config.C


def _compute(run: Run, report: Report) -> pd.DataFrame:
    config, train = _config(run), run_corpus(run).splits["train"]
    inputs: Any = train["text"].to_numpy(dtype=object)
    if isinstance(config, SvmConfig):
        inputs = svm.vectors(config, resolve_model(config.model), list(inputs), reading(report, 0, 0.5))

    def fitted(done: int, total: int) -> None:
        report(0.5 + 0.5 * done / total, f"{done} of {total} fits")

    rows = cross_validate(pipeline_of(config), inputs, train["label"], grid(config), config.seed, fitted)
    write_rows(_path(run), rows)
    return rows


def _told(rows: pd.DataFrame) -> pd.DataFrame:
    bounds = [wilson(int(row.correct), int(row.n)) for row in rows.itertuples()]
    return pd.DataFrame({
        "C": rows["C"], "accuracy": rows["accuracy"], "low": [low for low, _ in bounds],
        "high": [high for _, high in bounds], "n": rows["n"], "best": rows["C"] == best_C(rows),
    })  # fmt: skip


def _config(run: Run) -> SvmConfig | TfidfConfig:
    config = run.config
    if not isinstance(config, SvmConfig | TfidfConfig):
        raise UnknownRun(f"{run.name} has no C; choose a run of TF-IDF or of an SVM on frozen features.")
    return config


def _path(run: Run) -> Path:
    """Where its rows are kept: by reviews, features, grid and seed."""
    config = _config(run)
    parts: list[Any] = [run.facts["data"]["checksum"], config.seed, grid(config)]
    if isinstance(config, SvmConfig):
        parts += [reading_checksum(resolve_model(config.model)), config.pooling, config.layer, config.max_length,
                  config.truncation, resolve_precision(config.precision)]  # fmt: skip
    return cache_dir("tuning") / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}.json"
