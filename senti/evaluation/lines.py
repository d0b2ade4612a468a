"""The lines that a reader's probes draw, one per layer, kept so that they can judge a single text."""

import hashlib
import os
import uuid
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from senti.cache import cache_dir
from senti.corpus import Corpus
from senti.encoder import text_layers
from senti.encoder.layers import STATES
from senti.errors import Stopped
from senti.evaluation.probe import C, fit_line
from senti.evaluation.progress import Report, reading
from senti.evaluation.readers import Reader

SEED = 0  # as probes are fitted


@dataclass(frozen=True)
class Lines:
    """weights (layers + 1, rows, width) and intercepts (layers + 1, rows), for vectors as they are read.

    classes: (k,) places of the labels.  rows: 1 of two classes, for the second of them, else one per class.
    """

    weights: np.ndarray
    intercepts: np.ndarray
    classes: np.ndarray

    def scores(self, vectors: np.ndarray, labels: int) -> np.ndarray:
        """What each layer's line says of one text's vectors (layers + 1, width): (layers + 1, labels).

        The difference of two labels' scores is a margin; minus infinity for a label that training had no review of.
        """
        margins = np.einsum("lrw,lw->lr", self.weights, vectors) + self.intercepts
        margins = np.hstack([-margins / 2, margins / 2]) if margins.shape[1] == 1 else margins
        out = np.full((len(margins), labels), -np.inf)
        out[:, self.classes] = margins
        return out


def fit_lines(
    reader: Reader, corpus: Corpus, pooling: str = "mean", on_progress: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Lines:  # fmt: skip
    """One line per layer, fitted on the training split as `probe` does; kept on disk (20 kB for a MiniLM).

    on_progress: share done, and of what.  Raises MissingModel, Stopped.
    """
    report, stopped = on_progress or (lambda share, what: None), should_stop or (lambda: False)
    path = _path(reader, corpus, pooling)
    if (found := _read(path)) is not None:
        return found
    train = corpus.splits["train"]
    vectors = reader.layers(list(train["text"]), on_progress=reading(report, 0, 0.8), should_stop=stopped)
    weights, intercepts = [], []
    for layer in range(len(vectors)):
        if stopped():
            raise Stopped("Stopped while the probes were fitted.")
        report(0.8 + 0.2 * layer / len(vectors), f"probe {layer + 1} of {len(vectors)}")
        states = np.asarray(vectors[layer, STATES.index(pooling)], dtype=np.float32)
        scaler, line = fit_line(states, train["label"].to_numpy(), SEED)
        weights.append(line.coef_ / scaler.scale_)
        intercepts.append(line.intercept_ - weights[-1] @ scaler.mean_)
    made = Lines(np.array(weights, dtype=np.float32), np.array(intercepts, dtype=np.float32), line.classes_)
    _write(path, made)
    return made


def known_lines(reader: Reader, corpus: Corpus, pooling: str = "mean") -> Lines | None:
    """What `fit_lines` made earlier, or None; loads no model."""
    return _read(_path(reader, corpus, pooling)) if reader.checksum else None


def text_scores(reader: Reader, lines: Lines, text: str, labels: int, pooling: str = "mean") -> np.ndarray:
    """The scores of one text's labels in every layer of a reader: (layers + 1, labels)."""
    states = text_layers(*reader.load(), text, *reader.cut())
    return lines.scores(states[:, STATES.index(pooling)], labels)


def _path(reader: Reader, corpus: Corpus, pooling: str) -> Path:
    what = f"{reader.settled_checksum()} {corpus.checksum} {reader.cut()} {SEED} {C} {pooling}"
    return cache_dir("probes") / f"{hashlib.sha256(what.encode()).hexdigest()[:40]}.npz"


def _read(path: Path) -> Lines | None:
    try:
        with np.load(path) as file:
            return Lines(file["weights"], file["intercepts"], file["classes"])
    except (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile):
        return None


def _write(path: Path, lines: Lines) -> None:
    aside = path.with_name(f".{uuid.uuid4().hex}.npz")
    np.savez(aside, weights=lines.weights, intercepts=lines.intercepts, classes=lines.classes)
    os.replace(aside, path)
