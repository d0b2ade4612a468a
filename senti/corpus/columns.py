"""Which column holds the text, and which the label: found by name, or said by the user, never guessed."""

import pandas as pd

from senti.corpus.table import shorten
from senti.errors import BadData

TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "phrase", "tweet", "reviewtext", "review_text")
LABEL_NAMES = ("label", "sentiment", "labels", "class", "target", "polarity")
RATING_NAMES = ("rating", "stars", "star_rating", "score")


def choose_columns(splits: dict[str, pd.DataFrame], text: str | None, label: str | None) -> tuple[str, str]:
    """The names of the text and the label column, which every split must have. Raises BadData."""
    present = [str(name) for name in next(iter(splits.values())).columns]
    label_column = _named(label, present, "--label-column") if label else ""
    text_column = _named(text, present, "--text-column") if text else ""
    text_column = text_column or _found("text", "--text-column", present, {label_column}, (TEXT_NAMES,))
    label_column = label_column or _found(
        "label", "--label-column", present, {text_column}, (LABEL_NAMES, RATING_NAMES)
    )
    if text_column == label_column:
        raise BadData(f"column {shorten(text_column)} cannot be both text and label; name two of {_listed(present)}.")
    _require_everywhere(splits, (text_column, label_column))
    return text_column, label_column


def find_text_column(frame: pd.DataFrame, name: str | None = None) -> str:
    """The column of texts in a table without labels: the one named, or found by name, or the only one there is."""
    present = [str(column) for column in frame.columns]
    if name:
        return _named(name, present, "--text-column")
    return present[0] if len(present) == 1 else _found("text", "--text-column", present, set(), (TEXT_NAMES,))


def find_column(frame: pd.DataFrame, name: str) -> str | None:
    """The column of a name, whatever its case, or None."""
    return next((str(column) for column in frame.columns if str(column).casefold() == name), None)


def _named(name: str, present: list[str], flag: str) -> str:
    if name in present:
        return name
    alike = [column for column in present if column.casefold() == name.casefold()]
    if len(alike) != 1:
        raise BadData(f"there is no column {shorten(name)}; give {flag} one of {_listed(present)}.")
    return alike[0]


def _found(what: str, flag: str, present: list[str], taken: set[str], tiers: tuple[tuple[str, ...], ...]) -> str:
    """The one column whose name is in the first tier that matches any."""
    for names in tiers:
        matches = [column for column in present if column.casefold() in names and column not in taken]
        if len(matches) > 1:
            raise BadData(f"several columns may hold the {what} ({_listed(matches)}); choose one with {flag}.")
        if matches:
            return matches[0]
    raise BadData(f"no column is named like a {what}; the columns are {_listed(present)}: choose one with {flag}.")


def _require_everywhere(splits: dict[str, pd.DataFrame], columns: tuple[str, ...]) -> None:
    for split, frame in splits.items():
        for column in columns:
            if column not in frame.columns:
                listed = _listed([str(name) for name in frame.columns])
                raise BadData(f"the {split} split has no column {shorten(column)}, only {listed}; use the same header.")


def _listed(columns: list[str]) -> str:
    shown = ", ".join(shorten(column) for column in columns[:12])
    return shown + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")
