"""Train, validation and test: as the data says, else carved from the training rows, seeded and stratified."""

import numpy as np
import pandas as pd

from senti.corpus.columns import find_column
from senti.corpus.corpus import SPLITS
from senti.corpus.duplicates import text_keys
from senti.corpus.folder import split_name
from senti.corpus.table import count, places, shorten
from senti.errors import BadData

CARVED_SHARE = 0.1


def honour_split_column(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The rows of one table by its column `split`; all of them as train if it has none. Raises BadData."""
    column = find_column(frame, "split")
    if column is None:
        return {"train": frame}
    names = frame[column].map(split_name)
    odd = frame[names == ""]
    if len(odd):
        raise BadData(
            f"column {column!r} holds {shorten(odd[column].iloc[0])} ({places(odd)}); "
            f"use {', '.join(SPLITS)}, or rename the column."
        )
    if not (names == "train").any():
        raise BadData(f"column {column!r} never says train; mark the rows to train on, or remove the column.")
    return {split: frame[names == split] for split in SPLITS if (names == split).any()}


def carve(splits: dict[str, pd.DataFrame], seed: int) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """All three splits: a missing one takes a tenth of the training rows, stratified, at least one row per class."""
    train = splits["train"]
    size = round(CARVED_SHARE * len(train))
    carved: dict[str, pd.DataFrame] = {}
    for split in (s for s in ("test", "validation") if s not in splits):
        chosen = _carvable(train, size, seed)
        carved[split], train = train[chosen], train[~chosen]
    full = {**splits, **carved, "train": train}
    notices = tuple(
        f"There is no {split} split: {count(len(carved[split]), 'row')} of train, drawn with seed {seed}, serve as one."
        for split in reversed(carved)
    )
    return {split: full[split] for split in SPLITS}, notices


def sample(frame: pd.DataFrame, most: int, seed: int) -> pd.DataFrame:
    """At most so many rows, stratified by label, in their old order; every class keeps at least one."""
    if len(frame) <= most:
        return frame
    return frame[stratified(frame["label"].to_numpy(), most, seed)]


def stratified(labels: np.ndarray, size: int, seed: int) -> np.ndarray:
    """A mask (n,) of about `size` rows: each class by its share, rounded, and at least one row of each."""
    rng = np.random.default_rng(seed)
    mask = np.zeros(len(labels), dtype=bool)
    for label, quota in _quotas(labels, size).items():
        mask[rng.permutation(np.flatnonzero(labels == label))[:quota]] = True
    return mask


def _quotas(labels: np.ndarray, size: int) -> dict[int, int]:
    """Rows per class that add up to `size` (or one per class, if that is more): largest remainders first."""
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * size / len(labels)
    quotas = np.maximum(1, np.floor(exact)).astype(int)
    for i in np.argsort(quotas - exact, kind="stable"):
        quotas[i] += quotas.sum() < size
    while quotas.sum() > max(size, len(classes)):
        quotas[quotas.argmax()] -= 1
    return {int(label): int(quota) for label, quota in zip(classes, quotas, strict=True)}


def _carvable(train: pd.DataFrame, size: int, seed: int) -> np.ndarray:
    """The rows to carve: of texts that occur once, so that no copy stays behind, unless that leaves out a class."""
    labels = train["label"].to_numpy()
    once = ~text_keys(train["text"]).duplicated(keep=False).to_numpy()
    pool = once if set(labels[once]) == set(labels) and once.sum() > size else np.ones(len(train), dtype=bool)
    mask = np.zeros(len(train), dtype=bool)
    mask[np.flatnonzero(pool)[stratified(labels[pool], size, seed)]] = True
    return mask
