"""How much data does a method need? Validation accuracy after 64, 256, 1,024 and all training reviews.

Each draw orders the training reviews anew so that every beginning of the order is stratified: the first 64 are among
the first 256, and so on. The features are read once; only the SVMs are fitted again.

>>> learning_curve(corpus, [SvmConfig(model="minilm"), TfidfConfig()])
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.cache import cache_dir
from senti.config import SvmConfig, TfidfConfig, to_dict
from senti.corpus import Corpus
from senti.encoder import resolve_model, resolve_precision
from senti.encoder.facts import reading_checksum
from senti.errors import Stopped
from senti.evaluation.kept import read_rows, write_rows
from senti.evaluation.progress import Report, reading
from senti.evaluation.scores import wilson
from senti.evaluation.table import run_title
from senti.methods import svm, tfidf

SIZES = (64, 256, 1024)
DRAWS = 5  # of each size below all
COLUMNS = ["title", "method", "size", "accuracy", "low", "high", "lowest", "highest", "draws", "n"]
Linear = SvmConfig | TfidfConfig


def learning_curve(
    corpus: Corpus, configs: Sequence[Linear], *, seed: int = 0, on_progress: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """One row per config and number of training reviews: title, method, size, accuracy, low, high, lowest, highest,
    draws, n.

    accuracy is the mean over the draws, of n validation reviews; low and high its 95 % Wilson interval, which tells of
    the validation reviews; lowest and highest the range over the draws, which tells of the training reviews.  The
    last size is all of them, once.  The C of each config is used at every size.  on_progress: share done, and of what.
    Kept on disk.  Raises BadConfig, MissingModel, Stopped.
    """
    if (found := known_learning_curve(corpus, configs, seed)) is not None:
        return found
    report, stopped = on_progress or (lambda share, what: None), should_stop or (lambda: False)
    truth = corpus.splits["validation"]["label"].to_numpy()
    labels = corpus.splits["train"]["label"].to_numpy()
    samples, rows = nested_samples(labels, seed), []
    room = 0.5 / len(configs)
    texts = [corpus.splits[split]["text"] for split in ("train", "validation")]
    inputs = [inputs_of(config, texts, reading(report, i * room, room), stopped) for i, config in enumerate(configs)]
    for i, (config, (train, validation)) in enumerate(zip(configs, inputs, strict=True)):
        right: dict[int, list[int]] = {}
        for j, places in enumerate(samples):
            if stopped():
                raise Stopped("Stopped while the learning curve was measured.")
            size, share = len(places), (i + j / len(samples)) / len(configs)
            report(0.5 + 0.5 * share, f"{run_title(config)}, {size:,} reviews")
            model = pipeline_of(config).fit(train[places], labels[places])
            right.setdefault(size, []).append(int((model.predict(validation) == truth).sum()))
        rows += [_row(config, size, counts, len(truth)) for size, counts in right.items()]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    write_rows(_path(corpus, configs, seed), frame)
    return frame


def known_learning_curve(corpus: Corpus, configs: Sequence[Linear], seed: int = 0) -> pd.DataFrame | None:
    """What `learning_curve` found earlier, or None; loads no model."""
    here = all(reading_checksum(resolve_model(c.model)) for c in configs if isinstance(c, SvmConfig))
    return read_rows(_path(corpus, configs, seed), COLUMNS) if here else None


def nested_samples(labels: np.ndarray, seed: int = 0) -> list[np.ndarray]:
    """Places of the training reviews that each fit sees: DRAWS of each size in SIZES, and all of them, once.

    The samples of one draw are nested and stratified, with at least one review of each class.
    """
    sizes = [size for size in SIZES if size < len(labels)]
    orders = [stratified_order(labels, np.random.default_rng([seed, draw])) for draw in range(DRAWS)]
    return [*(order[:size] for size in sizes for order in orders), np.arange(len(labels))]


def pipeline_of(config: Linear) -> Any:
    """Vectors or texts to labels, unfitted."""
    return svm.pipeline(config) if isinstance(config, SvmConfig) else tfidf.pipeline(config)


def stratified_order(labels: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """All places in an order of which every beginning holds the classes in their shares, to within one review."""
    shuffled = draw.permutation(len(labels))
    along = np.empty(len(labels))  # how far through its class a review is
    for label in np.unique(labels):
        mine = np.flatnonzero(labels[shuffled] == label)
        along[mine] = np.arange(len(mine)) / len(mine)
    order: np.ndarray = shuffled[np.argsort(along, kind="stable")]
    return order


def inputs_of(
    config: Linear, texts: Sequence[Sequence[str]], on_progress: Callable[[int, int], None] | None = None,
    stopped: Callable[[], bool] | None = None,
) -> list[Any]:  # fmt: skip
    """What the config's pipeline takes, of each list of texts; on_progress tells of the first, the longest."""
    if not isinstance(config, SvmConfig):
        return [np.array(each, dtype=object) for each in texts]
    backbone = resolve_model(config.model)
    return [svm.vectors(config, backbone, list(each), on_progress if i == 0 else None, stopped, svm.LADDER)
            for i, each in enumerate(texts)]  # fmt: skip


def _row(config: Linear, size: int, right: Sequence[int], n: int) -> tuple[Any, ...]:
    mean = float(np.mean(right))
    return (run_title(config), to_dict(config)["method"], size, mean / n, *wilson(mean, n), min(right) / n,
            max(right) / n, len(right), n)  # fmt: skip


def kept_by(configs: Sequence[Linear]) -> list[Any]:
    """All of the configs that decides what a fit on given reviews finds."""
    parts: list[Any] = []
    for config in configs:
        parts += [run_title(config), config.C, config.seed]
        if isinstance(config, SvmConfig):
            parts += [reading_checksum(resolve_model(config.model)), config.layer, config.max_length,
                      config.truncation, resolve_precision(config.precision)]  # fmt: skip
    return parts


def _path(corpus: Corpus, configs: Sequence[Linear], seed: int) -> Path:
    parts = [corpus.checksum, seed, SIZES, DRAWS, *kept_by(configs)]
    return cache_dir("curves") / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}.json"
