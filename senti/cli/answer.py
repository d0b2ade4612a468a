"""What a command hands back: the same answer for people and for programs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Answer:
    """Lines for a person, one JSON object for a program, and the exit code."""

    payload: Mapping[str, Any]
    lines: Sequence[str]
    code: int = 0


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Rows as aligned text columns; columns of numbers are aligned right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [list(head), *cells]) for i in range(len(head))]
    right = [bool(cells) and all(_is_number(row[i]) for row in cells) for i in range(len(head))]
    lines = [
        "  ".join(cell.rjust(w) if r else cell.ljust(w) for cell, w, r in zip(row, widths, right, strict=True)).rstrip()
        for row in [list(head), *cells]
    ]
    return [lines[0], "  ".join("-" * w for w in widths), *lines[1:]]


def records(frame: "pd.DataFrame") -> list[dict[str, Any]]:
    """Rows for JSON, in which what is not a number is null."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _is_number(cell: str) -> bool:
    return cell[:1].isdigit() or cell in ("", "-")
