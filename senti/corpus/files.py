"""A file on this machine becomes a table of strings: csv, tsv, jsonl, json or parquet.

Nothing is guessed about values: "NA", "null" and "007" stay what they are.
"""

import os
from pathlib import Path

import pandas as pd

from senti.corpus.delimited import read_delimited
from senti.corpus.encoding import nul_notice, open_text
from senti.corpus.jsons import read_json, read_jsonl
from senti.corpus.table import numbered, strings
from senti.errors import BadData

MAX_BYTES = 200_000_000
MAX_ROWS = 5_000_000
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".parquet")


def read_table(path: str | Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The rows of a file as strings, and what a reader should know. Raises BadData if it cannot be read."""
    path = Path(os.path.expanduser(path))
    suffix = kind_of(path)
    if (size := path.stat().st_size) > MAX_BYTES:
        raise BadData(f"{path.name} has {size / 1e6:,.0f} MB; at most {MAX_BYTES / 1e6:,.0f} MB can be read.")
    frame, notices = _read_parquet(path) if suffix == ".parquet" else _read_text(path, suffix)
    if frame.empty:
        raise BadData(f"{path.name} has no rows; it needs a header line and at least one review.")
    return frame, notices


def kind_of(path: Path) -> str:
    """The suffix of a file that is there and holds something. Raises BadData."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise BadData(f"{path.name} is not a kind of file that can be read; save it as one of {', '.join(SUFFIXES)}.")
    if not os.path.isfile(path):  # unlike Path.is_file, False for a name that is too long
        raise BadData(f"{str(path)[:200]} is not a file on this machine; check the path.")
    if path.stat().st_size == 0:
        raise BadData(f"{path.name} is empty; it needs a header line and at least one review.")
    return suffix


def _read_text(path: Path, suffix: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    with open_text(path) as (lines, notices):
        if suffix == ".json":
            frame = read_json("".join(lines), path.name)
        elif suffix in (".jsonl", ".ndjson"):
            frame = next(read_jsonl(lines, path.name), pd.DataFrame())
        else:
            read = list(read_delimited(lines, path.name, delimiter="\t" if suffix == ".tsv" else None))
            frame = read[0][0] if read else pd.DataFrame()
            notices += tuple(line for _, said in read for line in said)
        return frame, notices + nul_notice(lines, path.name)


def _read_parquet(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            facts = file.metadata
            size = sum(facts.row_group(i).total_byte_size for i in range(facts.num_row_groups))
            if size > MAX_BYTES or facts.num_rows > MAX_ROWS:  # a few bytes can stand for any number of equal rows
                raise BadData(
                    f"{path.name} unpacks to {facts.num_rows:,} rows and {size / 1e6:,.0f} MB; at most {MAX_ROWS:,} "
                    f"rows and {MAX_BYTES / 1e6:,.0f} MB can be read."
                )
            frame = file.read().to_pandas().reset_index(drop=True)
    except (ArrowException, OSError, ValueError) as error:
        raise BadData(f"{path.name} is not a whole Parquet file; write or download it again.") from error
    return strings(numbered(frame)), ()
