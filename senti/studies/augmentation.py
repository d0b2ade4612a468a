"""Do variants help, and for how many reviews? A linear method's learning curve with and without them.

Each point with variants learns from the very reviews of the point without, and from their variants.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.cache import cache_dir
from senti.config import SvmConfig, TfidfConfig, to_dict
from senti.corpus import Corpus
from senti.encoder import reading_checksum, resolve_model, resolve_precision
from senti.errors import BadConfig, Stopped
from senti.evaluation.kept import read_rows, write_rows
from senti.evaluation.learning_curve import DRAWS, SIZES, nested_samples, pipeline_of
from senti.evaluation.progress import Report, reading
from senti.evaluation.scores import Z95, wilson
from senti.evaluation.table import run_title
from senti.methods import svm
from senti.training.variants import with_variants

COLUMNS = [
    "title", "method", "size", "texts", "accuracy", "low", "high", "lowest", "highest", "draws", "n", "difference",
    "difference_low", "difference_high",
]  # fmt: skip
Linear = SvmConfig | TfidfConfig


def augmentation_curve(
    corpus: Corpus, config: Linear, on_progress: Report | None = None, should_stop: Callable[[], bool] | None = None
) -> pd.DataFrame:
    """Two rows per number of training reviews, without variants and with: COLUMNS.

    accuracy is the mean over the draws, of n validation reviews; low and high its 95 % Wilson interval; lowest and
    highest the range over the draws; texts what was learned from, on average.  difference is accuracy with variants
    minus without, 0 in the rows without; its 95 % interval is that of a mean of paired differences, review by review,
    averaged over the draws: it tells of the validation reviews, not of other draws.  The samples are those of
    `learning_curve`, C is the config's at every size.  Kept on disk.  Raises BadConfig, MissingModel, Stopped.
    """
    if (found := known_augmentation_curve(corpus, config)) is not None:
        return found
    report, stopped = on_progress or (lambda share, what: None), should_stop or (lambda: False)
    made = _read(corpus, config, report, stopped)
    samples = nested_samples(made.labels[made.origins == np.arange(len(made.origins))], config.seed)
    right: dict[tuple[int, bool], list[np.ndarray]] = {}
    texts: dict[tuple[int, bool], list[int]] = {}
    for done, places in enumerate(samples):
        for more in (False, True):
            if stopped():
                raise Stopped("Stopped while the curve was measured.")
            used = np.flatnonzero(np.isin(made.origins, places)) if more else places
            model = pipeline_of(config).fit(made.known[used], made.labels[used])
            right.setdefault((len(places), more), []).append(model.predict(made.asked) == made.truth)
            texts.setdefault((len(places), more), []).append(len(used))
        report(0.75 + 0.25 * (done + 1) / len(samples), f"{len(places):,} reviews")
    rows = [_row(config, size, more, np.array(each), np.array(right[size, False]), texts[size, more])
            for (size, more), each in right.items()]  # fmt: skip
    frame = pd.DataFrame(rows, columns=COLUMNS)
    write_rows(_path(corpus, config), frame)
    return frame


def known_augmentation_curve(corpus: Corpus, config: Linear) -> pd.DataFrame | None:
    """What `augmentation_curve` found earlier, or None; loads no model. Raises BadConfig without variants."""
    if config.augment == "none":
        raise BadConfig("augment is 'none'; choose a kind of variants to compare with none.")
    here = not isinstance(config, SvmConfig) or reading_checksum(resolve_model(config.model))
    return read_rows(_path(corpus, config), COLUMNS) if here else None


def gains(rows: pd.DataFrame) -> str:
    """A curve in a sentence; claims no more than the intervals carry."""
    more = rows[rows["texts"] > rows["size"]]
    if more.empty:
        return "No review could be changed, so there is nothing to compare."
    told = [f"{r.size:,} reviews {gain(r)}" for r in more.itertuples(index=False)]
    up, down = more[more["difference_low"] > 0], more[more["difference_high"] < 0]
    ends = [f"{what} at {', '.join(f'{size:,}' for size in found['size'])}"
            for what, found in (("they help", up), ("they hurt", down)) if len(found)]  # fmt: skip
    verdict = " and ".join(ends) or "at no size is a difference shown"
    return f"What the variants add, in points with a 95 % interval: {', '.join(told)}. On these reviews {verdict}."


def gain(row: Any) -> str:
    """Points gained with variants, with the interval: +0.4 (-0.5 to +1.3)."""
    points = (100 * value for value in (row.difference, row.difference_low, row.difference_high))
    return "{:+.1f} ({:+.1f} to {:+.1f})".format(*points)


@dataclass(frozen=True)
class _Inputs:
    """What the pipeline takes, of the reviews and then of their variants (known) and of the validation reviews."""

    known: np.ndarray
    labels: np.ndarray
    origins: np.ndarray  # the review each comes from; its own place, of a review
    asked: np.ndarray
    truth: np.ndarray


def _read(corpus: Corpus, config: Linear, report: Report, stopped: Callable[[], bool]) -> _Inputs:
    report(0, "variants are made")
    backbone = resolve_model(config.model) if isinstance(config, SvmConfig) else None
    train, validation = with_variants(corpus, config, backbone).splits["train"], corpus.splits["validation"]
    own = corpus.rows["train"]  # read apart from their variants: perhaps they have been read before
    parts = [list(train["text"][:own]), list(train["text"][own:]), list(validation["text"])]
    read = []
    for i, texts in enumerate(parts):
        if isinstance(config, SvmConfig) and backbone and texts:
            told = reading(report, 0.25 * i, 0.25)
            read.append(svm.vectors(config, backbone, texts, told, stopped, svm.LADDER))
        else:
            read.append(np.array(texts, dtype=object))
    known = np.concatenate(read[:2]) if parts[1] else read[0]
    return _Inputs(known, train["label"].to_numpy(), train["origin"].to_numpy(), read[2],
                   validation["label"].to_numpy())  # fmt: skip


def _row(
    config: Linear, size: int, more: bool, right: np.ndarray, without: np.ndarray, texts: list[int]
) -> tuple[Any, ...]:
    """right, without: (draws, n) bool, with what this row is about and without variants."""
    draws, n = right.shape
    counts = right.sum(axis=1)
    mean = float(counts.mean())
    gains = (right.mean(axis=0) - without.mean(axis=0)) if more else np.zeros(n)
    gain, half = float(gains.mean()), Z95 * float(gains.std(ddof=1)) / float(np.sqrt(n))
    title = run_title(config if more else replace(config, augment="none"))
    return (title, to_dict(config)["method"], size, round(float(np.mean(texts))), mean / n, *wilson(mean, n),
            int(counts.min()) / n, int(counts.max()) / n, draws, n, gain, gain - half, gain + half)  # fmt: skip


def _path(corpus: Corpus, config: Linear) -> Path:
    knobs = replace(config, dataset="auto", text_column=None, label_column=None, subset=None)
    parts: list[Any] = [corpus.checksum, SIZES, DRAWS, to_dict(knobs)]
    if isinstance(config, SvmConfig):
        parts += [reading_checksum(resolve_model(config.model)), resolve_precision(config.precision)]
    return cache_dir("curves") / f"augment-{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}.json"
