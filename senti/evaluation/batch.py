"""A file of texts comes back with every run's label and confidence beside each row."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from senti.corpus import check_target, read_table, write_table
from senti.errors import BadData
from senti.evaluation.bulk import labelled, text_notices
from senti.runs import Run

PIECE = 500  # rows between two words on how far it is


def label_file(
    source: Path, out: Path, runs: Sequence[Run], text_column: str | None = None,
    on_progress: Callable[[int, int], None] = lambda done, total: None, most: int | None = None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:  # fmt: skip
    """Write the rows of `source` to `out` with two columns per run, `NAME label` and `NAME confidence` (0..1).

    Both are missing where a row has no text; no row is dropped. Returns the table and what a reader should know of the
    file. Raises BadConfig where `out` cannot be written, BadData where `source` is no table or has over `most` rows.
    """
    check_target(out)
    rows, notices = read_table(source)
    if most is not None and len(rows) > most:
        raise BadData(
            f"{source.name} has {len(rows):,} rows; at most {most:,} are labelled here. On the command line, "
            f"`python -m senti predict {source.name} labelled/` does any number."
        )
    notices += text_notices(rows, text_column)
    pieces = []
    for start in range(0, len(rows), PIECE):
        on_progress(start, len(rows))
        pieces.append(labelled(rows.iloc[start : start + PIECE].reset_index(drop=True), runs, text_column))
    on_progress(len(rows), len(rows))
    frame = pd.concat(pieces, ignore_index=True)
    write_table(frame, out)
    return frame, notices
