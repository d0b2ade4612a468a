"""events.jsonl: one line per logged step or evaluation, read whole or from its end."""

import json
import os
from pathlib import Path
from typing import Any

import pandas as pd

EVENT_COLUMNS = [
    "step", "total_steps", "epoch", "split", "loss", "accuracy", "macro_f1",
    "lr", "grad_norm", "samples_per_second", "seconds", "eta",
]  # fmt: skip
LAST = 8192  # bytes that hold the last event; one takes 300


def read_events(path: Path) -> pd.DataFrame:
    """All events as rows of EVENT_COLUMNS; a line still being written is left out."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return pd.DataFrame(columns=EVENT_COLUMNS)
    return pd.DataFrame(_whole(text), columns=EVENT_COLUMNS)


def last_event(path: Path) -> dict[str, Any]:
    """The newest whole event, {} for none; those before it are not read."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LAST))
            rows = _whole(file.read().decode("utf-8", "replace"))
    except FileNotFoundError:
        return {}
    return rows[-1] if rows else {}


def parse_event(line: str) -> dict[str, Any] | None:
    """An event from its line; None for a torn line after a crash: the rows around it still count."""
    try:
        row = json.loads(line)
    except json.JSONDecodeError:
        return None
    return row if isinstance(row, dict) else None


def _whole(text: str) -> list[dict[str, Any]]:
    lines = text[: text.rfind("\n") + 1].splitlines()
    return [row for row in map(parse_event, lines) if row]
