"""Delimited text: records with a header, separated by comma, semicolon, tab or bar."""

import csv
import io
import sys
from itertools import islice

import pandas as pd

from senti.corpus.table import count, name_places, shorten
from senti.errors import BadData

_DELIMITERS = (",", ";", "\t", "|")
_NO_DELIMITER = "\x1f"  # the unit separator: a file of one column is split nowhere, yet its quotes are understood


def read_delimited(text: str, name: str, *, delimiter: str | None = None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The records of a text as a table indexed by line, and a notice on records that do not fit the header.

    Raises BadData, naming the line, on a quote that is never closed and on a repeated column.
    """
    csv.field_size_limit(min(sys.maxsize, 2**31 - 1))  # the default refuses cells over 131,072 characters
    records = _records(text, name, delimiter or sniff(text))
    if not records:
        raise BadData(f"{name} is empty; it needs a header line and at least one review.")
    header = _header(records[0][1], name)
    body = records[1:]
    fitting = [(line, cells) for line, cells in body if len(cells) == len(header)]
    ragged = [line for line, cells in body if len(cells) != len(header)]
    if ragged and not fitting:
        raise BadData(f"{name}: no row has the {count(len(header), 'column')} of the header; quote texts with commas.")
    index = pd.Index([line for line, _ in fitting], name="line", dtype="int64")
    frame = pd.DataFrame([cells for _, cells in fitting], columns=header, index=index, dtype="str")
    return frame, _ragged_notice(ragged, len(header), name)


def sniff(text: str) -> str:
    """The delimiter that splits the header and then most records alike; none if the header is one column."""
    best, best_score = _NO_DELIMITER, (0.0, 1)
    for delimiter in _DELIMITERS:
        widths = [len(cells) for cells in islice(csv.reader(io.StringIO(text), delimiter=delimiter), 100) if cells]
        score = (sum(width == widths[0] for width in widths) / len(widths), widths[0])
        if widths[0] > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _records(text: str, name: str, delimiter: str) -> list[tuple[int, list[str]]]:
    """Every record that is not blank, with the line it begins on."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    records, line = [], 1
    try:
        for cells in reader:
            if any(cells):
                records.append((line, cells))
            line = reader.line_num + 1
    except csv.Error as error:
        fault = "a quote is never closed" if "unexpected end" in str(error) else "a quote inside a quoted text"
        raise BadData(f'{name}, line {line}: {fault}; close it, or write it twice ("").') from error
    return records


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
