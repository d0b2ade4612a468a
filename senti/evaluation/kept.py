"""Small tables kept on disk between runs, as JSON rows."""

import json
import os
import uuid
from collections.abc import Sequence
from pathlib import Path

import pandas as pd


def read_rows(path: Path, columns: Sequence[str]) -> pd.DataFrame | None:
    """A table written earlier; None where there is none, or it is damaged or has other columns."""
    try:
        frame = pd.DataFrame(json.loads(path.read_text()))
    except (OSError, ValueError):
        return None
    return frame if list(frame.columns) == list(columns) else None


def write_rows(path: Path, frame: pd.DataFrame) -> None:
    """Write a table whole or not at all."""
    aside = path.with_name(f".{uuid.uuid4().hex}.json")
    aside.write_text(json.dumps(frame.to_dict("records")))
    os.replace(aside, path)
