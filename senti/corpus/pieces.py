"""A file of any size, a few rows at a time: memory does not grow with it."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from senti.corpus.files import SUFFIXES, read_table
from senti.corpus.jsons import read_jsonl
from senti.corpus.table import strings
from senti.errors import BadData


def table_files(source: Path) -> list[Path]:
    """The file itself, or the tables in a folder, by name. Raises BadData where there is none."""
    if source.is_dir():
        found = sorted(p for p in source.iterdir() if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
    else:
        found = [source] if source.is_file() and source.suffix.lower() in SUFFIXES else []
    if not found:
        raise BadData(f"{source} holds no table; give a file or a folder of {', '.join(SUFFIXES)} files.")
    return found


def read_pieces(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    """The table of a file as strings, `rows` rows at a time. Raises BadData if it cannot be read."""
    read = {".parquet": _parquet, ".jsonl": _jsonl, ".ndjson": _jsonl, ".csv": _delimited, ".tsv": _delimited}
    try:
        yield from read.get(path.suffix.lower(), _whole)(path, rows)
    except BadData:
        raise
    except (OSError, ValueError) as e:  # pandas, pyarrow and codecs all fail with one of these
        raise BadData(f"{path.name} cannot be read ({' '.join(str(e).split())[:120]}); mend or remove it.") from e


def _parquet(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        # batches end where row groups do, so they are gathered until a piece is whole
        kept: list[pd.DataFrame] = []
        for batch in file.iter_batches(batch_size=rows):
            kept.append(batch.to_pandas())
            whole = pd.concat(kept, ignore_index=True)
            while len(whole) >= rows:
                yield strings(whole.iloc[:rows].reset_index(drop=True))
                whole = whole.iloc[rows:]
            kept = [whole]
        if kept and len(kept[0]):
            yield strings(kept[0].reset_index(drop=True))


def _delimited(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    between = "\t" if path.suffix.lower() == ".tsv" else ","
    with pd.read_csv(path, sep=between, dtype=str, keep_default_na=False, encoding="utf-8-sig", chunksize=rows) as file:
        for piece in file:
            yield piece.reset_index(drop=True)


def _jsonl(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    with path.open(encoding="utf-8-sig") as file:
        filled = (line for line in file if line.strip())
        while lines := list(itertools.islice(filled, rows)):
            yield read_jsonl("".join(lines), path.name).reset_index(drop=True)


def _whole(path: Path, rows: int) -> Iterator[pd.DataFrame]:
    frame, _ = read_table(path)
    for start in range(0, len(frame), rows):
        yield frame.iloc[start : start + rows].reset_index(drop=True)
