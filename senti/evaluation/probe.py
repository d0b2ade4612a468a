"""The layer-wise probing curve: in which layer can a line tell the labels apart?

A linear SVM per layer, on [CLS] and on the mean, standardised, the same as the SVM baseline's; beside it a control
that learns from shuffled labels and should know nothing (Alain & Bengio 2017, Understanding intermediate layers using
linear classifier probes; controls as in Hewitt & Liang 2019, Designing and interpreting probes with control tasks).
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.cache import cache_dir
from senti.config import SvmConfig
from senti.corpus import Corpus
from senti.encoder.layers import STATES
from senti.errors import Stopped
from senti.evaluation.kept import read_rows, write_rows
from senti.evaluation.progress import Report, reading
from senti.evaluation.readers import Reader
from senti.evaluation.scores import wilson

C = SvmConfig().C
COLUMNS = ["layer", "pooling", "accuracy", "low", "high", "control", "n"]


def probe(
    reader: Reader, corpus: Corpus, *, max_length: int | None = None, truncation: str | None = None, seed: int = 0,
    on_progress: Report | None = None, should_stop: Callable[[], bool] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """One row per layer and pooling: layer, pooling, accuracy, low, high, control, n.

    Fitted on the training split, scored on validation with a 95 % Wilson interval; `control` is the validation
    accuracy of the same probe fitted on shuffled labels.  on_progress: share done, and of what.  Texts are cut as
    `Reader.cut` says.  Kept on disk under the reader's and the corpus's checksums.  Raises BadConfig, MissingModel,
    Stopped.
    """
    report, stopped = on_progress or (lambda share, what: None), should_stop or (lambda: False)
    cut = reader.cut(max_length, truncation)
    path = _path(reader, corpus, cut, seed)
    if (found := read_rows(path, COLUMNS)) is not None:
        return found
    train, validation = corpus.splits["train"], corpus.splits["validation"]
    vectors = [
        reader.layers(list(frame["text"]), *cut, reading(report, start, room), stopped)
        for start, room, frame in ((0.0, 0.4, train), (0.4, 0.1, validation))
    ]
    labels = [frame["label"].to_numpy() for frame in (train, validation)]
    rows, total = [], vectors[0].shape[0] * len(STATES)
    for i in range(total):
        if stopped():
            raise Stopped("Stopped while the probes were fitted.")
        layer, place = divmod(i, len(STATES))
        report(0.5 + 0.5 * i / total, f"probe {i + 1} of {total}")
        sides = [np.asarray(each[layer, place], dtype=np.float32) for each in vectors]
        rows.append((layer, STATES[place], *probe_layer(sides[0], sides[1], labels[0], labels[1], seed)))
    frame = pd.DataFrame(rows, columns=COLUMNS)
    write_rows(path, frame)
    return frame


def known_probe(reader: Reader, corpus: Corpus, seed: int = 0) -> pd.DataFrame | None:
    """What `probe` found earlier, or None; loads no model."""
    return read_rows(_path(reader, corpus, reader.cut(), seed), COLUMNS) if reader.checksum else None


def probe_layer(
    train: np.ndarray, validation: np.ndarray, train_labels: np.ndarray, labels: np.ndarray, seed: int = 0
) -> tuple[float, float, float, float, int]:
    """Accuracy on validation with its interval, the control's, and n, of one layer's vectors (n, width)."""
    shuffled = np.random.default_rng(seed).permutation(train_labels)
    said = [fit_line(train, each, seed).predict(validation) for each in (train_labels, shuffled)]
    right = [int((each == labels).sum()) for each in said]
    n = len(labels)
    return right[0] / n, *wilson(right[0], n), right[1] / n, n


def fit_line(vectors: np.ndarray, labels: np.ndarray, seed: int = 0) -> Any:
    """The probe itself, standardised vectors into a linear SVM: (n, width) and (n,) to a scikit-learn pipeline."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import LinearSVC

    return make_pipeline(StandardScaler(), LinearSVC(C=C, dual=False, random_state=seed)).fit(vectors, labels)


def _path(reader: Reader, corpus: Corpus, cut: tuple[int, str], seed: int) -> Path:
    key = hashlib.sha256(f"{reader.settled_checksum()} {corpus.checksum} {cut} {seed} {C}".encode()).hexdigest()
    return cache_dir("probes") / f"{key[:40]}.json"
