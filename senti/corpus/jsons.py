"""JSON: one object per line, or one list of objects."""

import json
from typing import Any

import pandas as pd

from senti.corpus.encoding import scrub
from senti.errors import BadData


def read_jsonl(text: str, name: str) -> pd.DataFrame:
    """The objects of a text, one per line, as a table of strings indexed by line. Raises BadData naming the line."""
    rows, lines = [], []
    for line, written in enumerate(text.split("\n"), start=1):
        if written.strip():
            rows.append(_object(written, f"{name}, line {line}"))
            lines.append(line)
    return _frame(rows, pd.Index(lines, name="line", dtype="int64"))


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
