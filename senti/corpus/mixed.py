"""Reviews of another kind beside those at hand: their labels under one numbering, a part kept apart, a few mixed in."""

from collections.abc import Sequence

import pandas as pd

from senti.corpus.corpus import Corpus
from senti.corpus.duplicates import text_keys
from senti.corpus.splits import sample, stratified
from senti.corpus.table import count
from senti.errors import BadData

TESTED = 0.5  # share of the other reviews that is only ever tested on
MOST_OTHER = 4_000  # that are used; half of them tell an accuracy to 2.2 points either way
LEAST_OTHER = 64  # of them, below which no interval says anything


def aligned(other: Corpus, labels: Sequence[str]) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """All reviews of another corpus, columns text and label, numbered as in `labels`; notices where names differ.

    Labels are matched by name, whatever its case; where the names differ, by order, and that is said.  Raises BadData
    where their number differs.
    """
    rows = pd.concat([frame[["text", "label"]] for frame in other.splits.values()], ignore_index=True)
    if len(other.labels) != len(labels):
        raise BadData(
            f"{other.name} has {len(other.labels)} labels ({', '.join(other.labels[:6])}) where {len(labels)} are "
            f"known ({', '.join(labels[:6])}); choose reviews with the same labels."
        )
    places = {label.casefold(): i for i, label in enumerate(labels)}
    if {label.casefold() for label in other.labels} != set(places):
        read = ", ".join(f"{theirs} as {ours}" for theirs, ours in zip(other.labels, labels, strict=True))
        return rows, (f"The labels of {other.name} have other names and are matched by order: {read}.",)
    return rows.assign(label=rows["label"].map([places[label.casefold()] for label in other.labels].__getitem__)), ()


def check_other(home: Corpus, other: Corpus) -> None:
    """Raises BadData where the other reviews are those at home."""
    if home.checksum == other.checksum:
        raise BadData(f"{other.name} are the reviews at home too; choose reviews of another kind.")


def held_apart(home: Corpus, other: Corpus) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """The other reviews to draw labelled ones from, those that are only tested on, and notices; the same at each call.

    A text that occurs at home, or twice, is left out: what is tested on was never learned.  Both parts keep the shares
    of the labels; of more than MOST_OTHER a sample is used.  Raises BadData where fewer than LEAST_OTHER are left, or
    as `aligned`.
    """
    check_other(home, other)
    rows, notices = aligned(other, home.labels)
    keys = text_keys(rows["text"])
    known = set().union(*(text_keys(frame["text"]) for frame in home.splits.values()))
    alone = ~keys.isin(known) & ~keys.duplicated()
    rows = sample(rows[alone].reset_index(drop=True), MOST_OTHER, seed=0)
    if left := int((~alone).sum()):
        notices += (f"{count(left, 'row')} of {other.name} that occur twice, or in {home.name} too, are left out.",)
    if len(rows) < LEAST_OTHER or rows["label"].nunique() < len(home.labels):
        raise BadData(
            f"{other.name} has {count(len(rows), 'usable review')}; at least {LEAST_OTHER} with every label are needed."
        )
    tested = stratified(rows["label"].to_numpy(), round(TESTED * len(rows)), seed=0)
    return rows[~tested].reset_index(drop=True), rows[tested].reset_index(drop=True), notices


def mixed(home: Corpus, other: Corpus, rows: int, seed: int = 0) -> Corpus:
    """A corpus to train any method on: home's training reviews with so many of the other's, stratified, mixed in.

    Validation stays at home, so no further label of the other is spent; test is the part of the other reviews that is
    kept apart, the same for every number of rows and every seed.  Raises BadData where there are not so many, or as
    `held_apart`.
    """
    pool, tested, notices = held_apart(home, other)
    least = 0 if not rows else len(home.labels)
    if not least <= rows <= len(pool):
        raise BadData(f"rows is {rows}; {other.name} has {len(pool):,} to draw from: choose 0, or {len(home.labels)} "
                      f"to {len(pool):,}.")  # fmt: skip
    drawn = [sample(pool, rows, seed)] if rows else []
    train = pd.concat([home.splits["train"][["text", "label"]], *drawn], ignore_index=True)
    splits = {"train": train, "validation": home.splits["validation"][["text", "label"]], "test": tested}
    name = f"{home.name} and {rows} of {other.name}"
    return Corpus(name, splits, home.labels, f"{home.source}; {other.source}", notices=notices)
