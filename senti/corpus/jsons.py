"""JSON: one object per line, or one list of objects."""

import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import pandas as pd

from senti.errors import BadData
from senti.signs import scrub


def read_jsonl(lines: Iterable[str], name: str, rows: int | None = None) -> Iterator[pd.DataFrame]:
    """The objects, one per line, as tables of strings indexed by line, `rows` at a time or all at once.

    Raises BadData naming the line.
    """
    filled = ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    while piece := list(islice(filled, rows)):
        objects = [_object(written, f"{name}, line {number}") for number, written in piece]
        yield _frame(objects, pd.Index([number for number, _ in piece], name="line", dtype="int64"))


def read_json(text: str, name: str) -> pd.DataFrame:
    """The objects of one JSON list as a table of strings indexed by row, from 1. Raises BadData."""
    try:
        rows = json.loads(text)
    except json.JSONDecodeError as error:
        fault = f"{name}, line {error.lineno}: not JSON ({error.msg})"
        raise BadData(f"{fault}; if each line is one object, name the file .jsonl.") from error
    except (ValueError, RecursionError) as error:
        raise BadData(f"{name} holds a number or a nest without end; it must be a list of flat objects.") from error
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise BadData(f'{name} must be a list of objects such as {{"text": "...", "label": 1}}.')
    return _frame(rows, pd.RangeIndex(1, len(rows) + 1, name="row"))


def _object(written: str, place: str) -> dict[str, Any]:
    try:
        value = json.loads(written)
    except (ValueError, RecursionError) as error:
        raise BadData(f"{place}: not JSON; each line must be one object.") from error
    if not isinstance(value, dict):
        raise BadData(f'{place}: not an object; each line must be like {{"text": "...", "label": 1}}.')
    return value


def _frame(rows: list[dict[str, Any]], index: pd.Index) -> pd.DataFrame:
    names = list(dict.fromkeys(key for row in rows for key in row))
    columns = {scrub(name).strip(): [_string(row.get(name)) for row in rows] for name in names}
    return pd.DataFrame(columns, index=index, dtype="str")


def _string(value: Any) -> str:
    if value is None:
        return ""
    return scrub(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
