"""How many labelled reviews of another kind repair a method that learned at home? The linear methods, over five draws.

Two ways to learn, the baselines of Daume III 2007, Frustratingly Easy Domain Adaptation:

both   the few other reviews are added to those at home, each counting as one (his ALL; with none of them SRCONLY)
other  the few alone (TGTONLY): what must be beaten, else home is of no use
"""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.cache import cache_dir
from senti.config import SvmConfig, to_dict
from senti.corpus import Corpus
from senti.corpus.mixed import held_apart
from senti.encoder import resolve_model
from senti.encoder.facts import reading_checksum
from senti.errors import Stopped
from senti.evaluation.kept import read_rows, write_rows
from senti.evaluation.learning_curve import Linear, inputs_of, kept_by, pipeline_of, stratified_order
from senti.evaluation.progress import Report, reading
from senti.evaluation.scores import wilson
from senti.evaluation.table import run_title
from senti.numbers import interval

SIZES = (0, 16, 64, 256)
DRAWS = 5  # of each size above 0
WAYS = {"both": "both kinds", "other": "the new ones alone"}
COLUMNS = ["title", "method", "way", "size", "accuracy", "low", "high", "lowest", "highest", "draws", "n", "common"]


def adaptation(
    home: Corpus, other: Corpus, configs: Sequence[Linear], *, seed: int = 0, on_progress: Report | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """One row per config, way in WAYS and number of labelled other reviews: title, method, way, size, accuracy, low,
    high, lowest, highest, draws, n, common.

    accuracy is the mean over DRAWS stratified draws, of n other reviews that are kept apart first and are the same for
    every size (`corpus.mixed.held_apart`); low and high its 95 % Wilson interval, which tells of the tested reviews,
    lowest and highest the range over the draws; common the share of their most frequent label.  A draw's 16 are among
    its 64; sizes of which there are not enough are left out.  The C of each config is used throughout.  Kept on disk.
    on_progress: share done, and of what.  Raises BadData, MissingModel, Stopped.
    """
    if (found := known_adaptation(home, other, configs, seed)) is not None:
        return found
    report, stopped = on_progress or (lambda share, what: None), should_stop or (lambda: False)
    pool, tested, _ = held_apart(home, other)
    parts = [home.splits["train"], pool, tested]
    labels = [part["label"].to_numpy() for part in parts]
    fits, rows = _fits(labels[1], seed), []
    for i, config in enumerate(configs):
        room = 1 / len(configs)
        inputs = inputs_of(config, [part["text"] for part in parts], reading(report, i * room, room / 2), stopped)
        right: dict[tuple[str, int], list[int]] = {}
        for j, (way, places) in enumerate(fits):
            if stopped():
                raise Stopped("Stopped while the repair was measured.")
            report((i + 0.5 + 0.5 * j / len(fits)) * room, f"{run_title(config)}, {len(places):,} other reviews")
            said = _fit(config, way, inputs, labels, places).predict(inputs[2])
            right.setdefault((way, len(places)), []).append(int((said == labels[2]).sum()))
        rows += [_row(config, way, size, counts, labels[2]) for (way, size), counts in right.items()]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    write_rows(_path(home, other, configs, seed), frame)
    return frame


def known_adaptation(home: Corpus, other: Corpus, configs: Sequence[Linear], seed: int = 0) -> pd.DataFrame | None:
    """What `adaptation` found earlier, or None; loads no model."""
    here = all(reading_checksum(resolve_model(c.model)) for c in configs if isinstance(c, SvmConfig))
    return read_rows(_path(home, other, configs, seed), COLUMNS) if here else None


def _fits(labels: np.ndarray, seed: int) -> list[tuple[str, np.ndarray]]:
    """Every fit: which way, and the places of the other reviews that it learns from."""
    orders = [stratified_order(labels, np.random.default_rng([seed, draw])) for draw in range(DRAWS)]
    sizes = [size for size in SIZES[1:] if size <= len(labels)]
    none = np.zeros(0, dtype=int)
    return [("both", none), *((way, order[:size]) for way in WAYS for size in sizes for order in orders)]


def _fit(config: Linear, way: str, inputs: Sequence[Any], labels: Sequence[np.ndarray], places: np.ndarray) -> Any:
    few, few_labels = inputs[1][places], labels[1][places]
    model = pipeline_of(config)
    if way == "other":
        return model.fit(few, few_labels)
    return model.fit(np.concatenate([inputs[0], few]), np.concatenate([labels[0], few_labels]))


def _row(config: Linear, way: str, size: int, right: Sequence[int], truth: np.ndarray) -> tuple[Any, ...]:
    mean, n = float(np.mean(right)), len(truth)
    return (run_title(config), to_dict(config)["method"], way, size, mean / n, *wilson(mean, n), min(right) / n,
            max(right) / n, len(right), n, float(np.bincount(truth).max() / n))  # fmt: skip


def _path(home: Corpus, other: Corpus, configs: Sequence[Linear], seed: int) -> Path:
    data = [home.checksum, other.checksum, home.labels, other.labels]
    parts = [*data, seed, SIZES, DRAWS, tuple(WAYS), *kept_by(configs)]
    return cache_dir("adaptation") / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}.json"


def told(rows: pd.DataFrame, size: int = 64) -> list[str]:
    """Per method a sentence: with none, with so many and with these alone; nothing of sizes that were not measured."""
    said = []
    for title, mine in rows.groupby("title", sort=False):
        found = {(r.way, r.size): interval(r.accuracy, r.low, r.high) for r in mine.itertuples()}
        if ("other", size) in found:
            said.append(f"{title}: {found['both', 0]} right with none of these reviews, {found['both', size]} with "
                        f"{size} of them, {found['other', size]} with these {size} alone.")  # fmt: skip
    return said
