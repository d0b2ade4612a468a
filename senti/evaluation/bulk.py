"""Labels for more texts than fit into one sitting: shards that several processes share, and a killed job's are kept.

OUT/job.json              what the job is: inputs, runs, rows per shard
OUT/reviews-00003.parquet rows 3*n to 4*n of reviews.csv, with the labels of every run; there once it is whole
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from senti.corpus import find_text_column, read_pieces, table_files
from senti.corpus.table import count, places
from senti.encoder import fit_text, is_blank, length_notice
from senti.errors import BadConfig
from senti.evaluation.reading import cut_notes
from senti.methods import load_predictor
from senti.runs import Run

SHARD_ROWS = 10_000


def predict_files(
    source: Path, out: Path, runs: Sequence[Run], *, text_column: str | None = None, rows: int = SHARD_ROWS,
    rank: int = 0, world: int = 1, report: Callable[[str], None] = lambda line: None,
) -> dict[str, int]:  # fmt: skip
    """Label every `world`-th shard of a file or folder, from number `rank` on, and write it to `out`.

    Shards that are there are skipped. Memory does not grow with the input. Returns how many shards were `written` and
    `skipped` by this process. Raises BadConfig where `out` belongs to another job, BadData where a file is no table.
    """
    files = table_files(source)
    _claim(out, _job(files, runs, text_column, rows), rank)
    done = {"written": 0, "skipped": 0}
    for number, (name, piece) in enumerate(_shards(files, rows, report)):
        path = out / name
        if number % world != rank:
            continue
        if path.exists():
            done["skipped"] += 1
            continue
        aside = out / f".{name}.part"
        for line in text_notices(piece, text_column):
            report(line)
        labelled(piece, runs, text_column).to_parquet(aside, index=False)
        cut = cut_notes(runs, list(piece[find_text_column(piece, text_column)]))
        os.replace(aside, path)
        done["written"] += 1
        for line in (f"{len(piece):,} rows", *cut):
            report(f"{name}: {line}")
    return done


def _shards(files: Sequence[Path], rows: int, report: Callable[[str], None]) -> Iterator[tuple[str, pd.DataFrame]]:
    stems = [file.stem for file in files]
    for file in files:
        stem = file.stem if stems.count(file.stem) == 1 else file.name
        for number, piece in enumerate(read_pieces(file, rows, report)):
            yield f"{stem}-{number:05}.parquet", piece


def labelled(frame: pd.DataFrame, runs: Sequence[Run], text_column: str | None) -> pd.DataFrame:
    """The rows with two columns per run: its label and how sure it is; both missing where there is no text."""
    written = frame[find_text_column(frame, text_column)]
    filled = ~written.map(is_blank).astype(bool)
    texts = [fit_text(text) for text in written[filled]]
    for run in runs:
        labels = run.facts["data"]["labels"]
        chance = load_predictor(run)(texts) if texts else np.empty((0, len(labels)))
        best = pd.Series([labels[i] for i in chance.argmax(axis=1)], index=frame.index[filled], dtype="str")
        sure = pd.Series(chance.max(axis=1).round(4), index=frame.index[filled], dtype="float64")
        frame = frame.assign(**{f"{run.name} label": best, f"{run.name} confidence": sure})
    return frame


def text_notices(frame: pd.DataFrame, text_column: str | None) -> tuple[str, ...]:
    """A sentence on rows without text, which get no label, and one on texts too long to be read as a whole."""
    texts = frame[find_text_column(frame, text_column)]
    blank = frame[texts.map(is_blank).astype(bool)]
    said = (f"{count(len(blank), 'row')} without text stay unlabelled ({places(blank)}).",) if len(blank) else ()
    return said + length_notice(list(texts))


def _job(files: Sequence[Path], runs: Sequence[Run], text_column: str | None, rows: int) -> dict[str, object]:
    return {
        "inputs": {file.name: file.stat().st_size for file in files},
        "runs": {run.name: hashlib.sha256((run.path / "result.json").read_bytes()).hexdigest()[:16] for run in runs},
        "text_column": text_column,
        "rows": rows,
    }


def _claim(out: Path, job: dict[str, object], rank: int) -> None:
    """Make `out` this job's folder. Raises BadConfig where it is another's, naming what differs."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise BadConfig(f"{out} cannot be a folder for shards ({e.strerror}); choose another one.") from e
    path = out / "job.json"
    if not path.exists():
        foreign = rank == 0 and any(not p.name.startswith(".") for p in out.iterdir())
        if foreign and not path.exists():  # another process may just have written it
            raise BadConfig(f"{out} holds other files; choose an empty or a new folder for the shards.")
        aside = out / f".job-{rank}.part"
        aside.write_text(json.dumps(job, indent=2) + "\n", encoding="utf-8")
        os.replace(aside, path)  # all processes of a job write the same
        return
    try:
        there = json.loads(path.read_text(encoding="utf-8"))
        differ = [name for name, value in job.items() if there.get(name) != value]
    except (ValueError, AttributeError):  # not senti's
        differ = ["job.json"]
    if differ:
        raise BadConfig(
            f"{out} belongs to another job (its {', '.join(differ)} differ{'s' if len(differ) == 1 else ''}); "
            "choose another folder, or delete it."
        )
