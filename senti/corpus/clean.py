"""Rows without text or label go, over-long texts are cut; every change is counted and said."""

import pandas as pd

from senti.corpus.columns import find_column
from senti.corpus.table import count, places

MAX_CHARACTERS = 20_000
_BLANK = r"[\s\u200b-\u200f\u2060\ufeff]*"  # white space, and characters of no width


def clean_rows(
    frame: pd.DataFrame, text: str, label: str, *, unlabelled: tuple[str, ...] = (), where: str = ""
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The usable rows as columns text and label (strings), and stars (int) where there are any.

    unlabelled: values of the label column, besides blank, that mean that there is no label.
    """
    rows = pd.DataFrame({"text": frame[text].str.replace("\0", "", regex=False), "label": frame[label].str.strip()})
    stars, notices = _stars(frame, label)
    if stars is not None:
        rows["stars"] = stars
    rows, said = _drop(rows, rows["text"].str.fullmatch(_BLANK), "an empty text", where)
    notices += said
    rows, said = _drop(rows, rows["label"].isin(["", *unlabelled]), "no label", where)
    notices += said
    rows, said = _cut(rows, where)
    return rows, notices + said


def _drop(rows: pd.DataFrame, bad: pd.Series, what: str, where: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    if not bad.any():
        return rows, ()
    gone = rows[bad]
    has, was = ("has", "was") if len(gone) == 1 else ("have", "were")
    return rows[~bad], (f"{count(len(gone), 'row')}{where} {has} {what} and {was} left out ({places(gone)}).",)


def _cut(rows: pd.DataFrame, where: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    long = rows["text"].str.len() > MAX_CHARACTERS
    if not long.any():
        return rows, ()
    subject = f"{count(int(long.sum()), 'text')}{where} {'was' if long.sum() == 1 else 'were'}"
    notice = f"{subject} cut to {MAX_CHARACTERS:,} characters ({places(rows[long])})."
    return rows.assign(text=rows["text"].str.slice(0, MAX_CHARACTERS)), (notice,)


def _stars(frame: pd.DataFrame, label: str) -> tuple[pd.Series | None, tuple[str, ...]]:
    """The column `stars` as whole numbers, if there is one besides the label; with a notice if it has others."""
    column = find_column(frame, "stars")
    if column is None or column == label:
        return None, ()
    stars = pd.to_numeric(frame[column], errors="coerce")
    odd = frame[stars.isna() | (stars % 1 != 0)]
    if len(odd):
        return None, (f"The column {column!r} is not used: it is not always a whole number ({places(odd)}).",)
    return stars.astype("int64"), ()
