"""A file of any size, a few rows at a time: memory does not grow with it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd

from senti.corpus.delimited import read_delimited
from senti.corpus.encoding import nul_notice, open_text
from senti.corpus.files import SUFFIXES, kind_of, read_table
from senti.corpus.jsons import read_jsonl
from senti.corpus.table import numbered, strings
from senti.errors import BadData

Report = Callable[[str], None]


def table_files(source: Path) -> list[Path]:
    """The file itself, or the tables in a folder, by name. Raises BadData where there is none."""
    if source.is_dir():
        found = sorted(p for p in source.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    else:
        found = [source] if source.is_file() and source.suffix.lower() in SUFFIXES else []
    if not found:
        raise BadData(f"{source} holds no table; give a file or a folder of {', '.join(SUFFIXES)} files.")
    return found


def read_pieces(path: Path, rows: int, report: Report = lambda line: None) -> Iterator[pd.DataFrame]:
    """The table of a file as strings, `rows` rows at a time, read as `read_table` does; it too is indexed by line.

    report: called with what a reader should know.  Raises BadData if the file cannot be read or has no rows.
    """
    read = {".parquet": _parquet, ".jsonl": _jsonl, ".ndjson": _jsonl, ".csv": _delimited, ".tsv": _delimited}
    found = 0
    try:
        for piece in read.get(kind_of(path), _whole)(path, rows, report):
            found += len(piece)
            if len(piece):
                yield piece
    except BadData:
        raise
    except (OSError, ValueError) as e:  # pyarrow fails with one of these
        raise BadData(f"{path.name} cannot be read ({' '.join(str(e).split())[:120]}); mend or remove it.") from e
    if not found:
        raise BadData(f"{path.name} has no rows; it needs a header line and at least one review.")


def _parquet(path: Path, rows: int, report: Report) -> Iterator[pd.DataFrame]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        # batches end where row groups do, so they are gathered until a piece is whole
        kept, first = [], 1
        for batch in file.iter_batches(batch_size=rows):
            kept.append(batch.to_pandas())
            whole = pd.concat(kept, ignore_index=True)
            while len(whole) >= rows:
                yield strings(numbered(whole.iloc[:rows], first))
                whole, first = whole.iloc[rows:], first + rows
            kept = [whole]
        if kept:
            yield strings(numbered(kept[0], first))


def _delimited(path: Path, rows: int, report: Report) -> Iterator[pd.DataFrame]:
    with open_text(path) as (lines, notices):
        between = "\t" if path.suffix.lower() == ".tsv" else None
        for frame, said in read_delimited(lines, path.name, delimiter=between, rows=rows):
            for line in (*notices, *said):
                report(line)
            notices = ()
            yield frame
        for line in nul_notice(lines, path.name):
            report(line)


def _jsonl(path: Path, rows: int, report: Report) -> Iterator[pd.DataFrame]:
    with open_text(path) as (lines, notices):
        for line in notices:
            report(line)
        yield from read_jsonl(lines, path.name, rows)


def _whole(path: Path, rows: int, report: Report) -> Iterator[pd.DataFrame]:
    frame, notices = read_table(path)
    for line in notices:
        report(line)
    for start in range(0, len(frame), rows):
        yield frame.iloc[start : start + rows]
