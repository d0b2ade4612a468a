"""Delimited text: records with a header, separated by comma, semicolon, tab or bar."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from itertools import islice

import pandas as pd

from senti.corpus.encoding import Lines
from senti.corpus.table import count, name_places, shorten
from senti.errors import BadData

_DELIMITERS = (",", ";", "\t", "|")
_NO_DELIMITER = "\x1f"  # the unit separator: a file of one column is split nowhere, yet its quotes are understood


def read_delimited(
    lines: Lines, name: str, *, delimiter: str | None = None, rows: int | None = None
) -> Iterator[tuple[pd.DataFrame, tuple[str, ...]]]:
    """The records as tables indexed by line, `rows` at a time or all at once, each with a notice on records that do
    not fit the header and were left out.

    Raises BadData, naming the line, on a quote that is never closed and on a repeated column; and if no record fits.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # the default refuses cells over 131,072 characters
    records = _records(lines, name, delimiter or sniff(lines.head()))
    first = next(records, None)
    if first is None:
        raise BadData(f"{name} is empty; it needs a header line and at least one review.")
    header = _header(first[1], name)
    read, fitted = 0, 0
    while piece := list(islice(records, rows)):
        fitting = [(line, cells) for line, cells in piece if len(cells) == len(header)]
        ragged = [line for line, cells in piece if len(cells) != len(header)]
        read, fitted = read + len(piece), fitted + len(fitting)
        index = pd.Index([line for line, _ in fitting], name="line", dtype="int64")
        frame = pd.DataFrame([cells for _, cells in fitting], columns=header, index=index, dtype="str")
        yield frame, _ragged_notice(ragged, len(header), name)
    if read and not fitted:
        raise BadData(f"{name}: no row has the {count(len(header), 'column')} of the header; quote texts with commas.")


def sniff(text: str) -> str:
    """The delimiter that splits the header and then most records alike; none if the header is one column."""
    best, best_score = _NO_DELIMITER, (0.0, 1)
    for delimiter in _DELIMITERS:
        widths = [len(cells) for cells in islice(csv.reader(io.StringIO(text), delimiter=delimiter), 100) if cells]
        score = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
        if widths[0] > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _records(lines: Iterable[str], name: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Every record that is not blank, with the line it begins on."""
    reader, line = csv.reader(iter(lines), delimiter=delimiter, strict=True), 1
    try:
        for cells in reader:
            if any(cells):
                yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        fault = "a quote is never closed" if "unexpected end" in str(error) else "a quote inside a quoted text"
        raise BadData(f'{name}, line {line}: {fault}; close it, or write it twice ("").') from error


def _header(cells: list[str], name: str) -> list[str]:
    header = [cell.strip() or f"column {i}" for i, cell in enumerate(cells, start=1)]
    for cell in header:
        if header.count(cell) > 1:
            raise BadData(f"{name}, line 1: the column {shorten(cell)} appears twice; rename or remove one.")
    return header


def _ragged_notice(ragged: list[int], width: int, name: str) -> tuple[str, ...]:
    if not ragged:
        return ()
    rows = f"{count(len(ragged), 'row')} of {name} ({name_places('line', ragged)})"
    was = "was" if len(ragged) == 1 else "were"
    return (f"{rows} did not have the {count(width, 'column')} of the header and {was} left out.",)
