"""Tables as files for people: a spreadsheet must not take a review for a formula."""

import csv
import re
from pathlib import Path

import pandas as pd

from senti.errors import BadConfig

_FORMULA = re.compile(r"^[\s\ufeff\u200b]*[=+\-@\t\r\n\0＝＋－＠]")
WRITERS = {
    ".csv": lambda frame, path: write_csv(frame, path),
    ".tsv": lambda frame, path: write_csv(frame, path, between="\t"),
    ".jsonl": lambda frame, path: frame.to_json(path, orient="records", lines=True, force_ascii=False),
    ".parquet": lambda frame, path: frame.to_parquet(path, index=False),
}


def check_target(path: Path) -> None:
    """Before any work is done: can a table be written there? Raises BadConfig."""
    if path.suffix not in WRITERS:
        raise BadConfig(f"{path.name} ends in {path.suffix!r}; --out can be {', '.join(WRITERS)}.")
    if not path.parent.is_dir():
        raise BadConfig(f"{path.parent} is no folder; make it first, or choose another place with --out.")


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """A table as its suffix says; jsonl and parquet hold every text as it is. Raises BadConfig."""
    check_target(path)
    try:
        WRITERS[path.suffix](frame, path)
    except OSError as e:
        raise BadConfig(f"{path} cannot be written ({e.strerror}); choose another place with --out.") from e


def write_csv(frame: pd.DataFrame, path: Path, between: str = ",") -> None:
    """A csv that opens safely in a spreadsheet; the byte-order mark tells Excel that it is UTF-8.

    All texts are in quotes: a carriage return in one would begin a new row.
    """
    safe_cells(frame).to_csv(path, index=False, sep=between, encoding="utf-8-sig", quoting=csv.QUOTE_NONNUMERIC)


def safe_cells(frame: pd.DataFrame) -> pd.DataFrame:
    """The same table with an apostrophe before every text that a spreadsheet would compute (OWASP ASVS 1.2.10)."""
    texts = frame.select_dtypes(["str", "object"]).columns
    return frame.assign(**{name: frame[name].map(_safe) for name in texts}).rename(columns=_safe)


def _safe(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value
