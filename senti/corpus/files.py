"""A file on this machine becomes a table of strings: csv, tsv, jsonl, json or parquet.

Nothing is guessed about values: "NA", "null" and "007" stay what they are.
"""

import os
from pathlib import Path

import pandas as pd

from senti.corpus.delimited import read_delimited
from senti.corpus.encoding import decode, refuse_binary
from senti.corpus.jsons import read_json, read_jsonl
from senti.corpus.table import numbered, strings
from senti.errors import BadData

MAX_BYTES = 200_000_000
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")


def read_table(path: str | Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows of a file as strings, and what a reader should know. Raises BadData if it cannot be read."""
    path = Path(os.path.expanduser(path))
    frame, notices = _read_parquet(path) if _suffix(path) == ".parquet" else _read_text(path)
    if frame.empty:
        raise BadData(f"{path.name} has no rows; it needs a header line and at least one review.")
    return frame, notices


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadData(f"{path.name} is not a kind of file that can be read; save it as one of {', '.join(SUFFIXES)}.")
    if not os.path.isfile(path):  # unlike Path.is_file, False for a name that is too long
        raise BadData(f"{path} is not a file on this machine; check the path.")
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise BadData(f"{path.name} has {size / 1e6:,.0f} MB; at most {MAX_BYTES / 1e6:,.0f} MB can be read.")
    if size == 0:
        raise BadData(f"{path.name} is empty; it needs a header line and at least one review.")
    return suffix


def _read_text(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    data = _bytes(path)
    refuse_binary(data, path.name)
    text, notices = decode(data, path.name)
    if not text.strip():
        raise BadData(f"{path.name} is empty; it needs a header line and at least one review.")
    suffix = path.suffix.lower()
    if suffix == ".json":
        frame = read_json(text, path.name)
    elif suffix in (".jsonl", ".ndjson"):
        frame = read_jsonl(text, path.name)
    else:
        frame, ragged = read_delimited(text, path.name, delimiter="\t" if suffix == ".tsv" else None)
        notices += ragged
    return frame, notices


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadData(f"{path.name} cannot be read ({error.strerror}); check its permissions.") from error


def _read_parquet(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    from pyarrow import ArrowException

    try:
        frame = pd.read_parquet(path).reset_index(drop=True)
    except (ArrowException, OSError, ValueError) as error:
        raise BadData(f"{path.name} is not a whole Parquet file; write or download it again.") from error
    return strings(numbered(frame)), ()
