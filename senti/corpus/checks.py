"""What a corpus must satisfy before anyone trains on it; every failure says what to mend."""

import pandas as pd

from senti.corpus.corpus import SPLITS
from senti.corpus.duplicates import text_keys
from senti.corpus.table import count, places, shorten
from senti.errors import BadData

MIN_ROWS = 8
MAX_CLASSES = 100


def check_labels(splits: dict[str, pd.DataFrame], column: str) -> None:
    """Refuse a label column that holds texts or ids, or one label only. Labels are still as written."""
    labels = pd.concat([frame["label"] for frame in splits.values()])
    rows, classes = len(labels), labels.nunique()
    if rows < MIN_ROWS:
        raise BadData(f"there are {count(rows, 'row')} with text and label; at least {MIN_ROWS} are needed: add more.")
    prose = classes > rows / 2 and labels.str.len().mean() > 20
    if classes > MAX_CLASSES or prose:
        raise BadData(
            f"column {shorten(column)} has {classes:,} different values such as {shorten(labels.iloc[0])}, which looks "
            f"like text or ids (at most {MAX_CLASSES} classes); choose another with --label-column."
        )
    if classes == 1:
        raise BadData(f"every row has the label {shorten(labels.iloc[0])}; add rows of at least one other label.")


def check_splits(splits: dict[str, pd.DataFrame], names: tuple[str, ...]) -> None:
    """Refuse splits that cannot be trained or scored on, before the missing ones are carved from train."""
    for split in SPLITS:
        if split in splits and splits[split].empty:
            raise BadData(f"the {split} split has no row with text and label; add some, or remove the split.")
    _check_known(splits, names)
    _check_sizes(splits["train"], names, missing=len(SPLITS) - len(splits))
    if text_keys(splits["train"]["text"]).nunique() < 2:
        raise BadData("all training texts are the same; add different ones or check --text-column.")


def _check_known(splits: dict[str, pd.DataFrame], names: tuple[str, ...]) -> None:
    known = set(splits["train"]["label"])
    for split, frame in splits.items():
        strange = frame[~frame["label"].isin(known)]
        if len(strange):
            name = names[strange["label"].iloc[0]]
            raise BadData(
                f"the {split} split has the label {shorten(name)} ({places(strange)}), which train never has; "
                "add such rows to train or remove these."
            )


def _check_sizes(train: pd.DataFrame, names: tuple[str, ...], *, missing: int) -> None:
    """Two rows of each class to train on, and one for each split that is still to be carved."""
    for label, name in enumerate(names):
        rows = train[train["label"] == label]
        if len(rows) < 2 + missing:
            needed = f"at least {2 + missing} are needed" + (" to split them" if missing else "")
            found = f"the class {shorten(name)} has {count(len(rows), 'training row')} ({places(rows)})"
            raise BadData(f"{found} and {needed}; add more, or remove it.")
