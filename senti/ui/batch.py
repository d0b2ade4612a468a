"""A visitor's file, labelled by the chosen runs: a look at its first rows, and the whole to take away."""

import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti.evaluation import label_file
from senti.evaluation.table import run_title
from senti.limits import limits
from senti.numbers import percent
from senti.runs import Run
from senti.ui import html, recipe, recipes
from senti.ui.chosen import chosen
from senti.ui.warm import await_models
from senti.ui.widgets import bound, friendly, page

LEAD = "Your own texts, by the hundred: upload a file, get it back with what every chosen run says of each row."
EMPTY = (
    "Any csv, tsv, jsonl or parquet file with a column of texts. It comes back as it was, with two more columns per "
    "run: the label and how sure the run is of it (0 to 1)."
)
SHOWN_ROWS = 12
WHAT = ("label", "confidence")


@friendly
def label(
    root: Path, upload: str | None, column: str, names: list[str],
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio is told
) -> tuple[str, Any]:  # fmt: skip
    """The first rows with their labels, and the file. Raises BadData where there are too many rows."""
    runs = chosen(root, names)
    if not upload or not runs:
        return html.empty_state("Choose a file above." if runs else "Choose a run above."), gr.DownloadButton()
    source = Path(upload)
    await_models()
    out = Path(tempfile.mkdtemp()) / f"{source.stem}-labelled{_suffix(source)}"
    frame, notices = label_file(
        source, out, runs, column.strip() or None, lambda done, n: progress((done, n)), limits().file_rows
    )
    return _preview(frame, runs) + html.notes(notices), gr.DownloadButton(value=str(out), visible=True)


def _suffix(source: Path) -> str:
    """The same kind of file where it can be written, else csv."""
    return source.suffix.lower() if source.suffix.lower() in (".csv", ".tsv", ".jsonl", ".parquet") else ".csv"


def _preview(frame: pd.DataFrame, runs: list[Run]) -> str:
    own = [name for name in frame.columns if name not in {f"{r.name} {what}" for r in runs for what in WHAT}]
    wide = max(own, key=lambda name: frame[name].str.len().mean())
    cells = [
        [*(html.h(row[name]) for name in own), *(_said(row, run) for run in runs)]
        for row in frame.head(SHOWN_ROWS).to_dict("records")
    ]
    counted = html.paragraphs([f"The first {len(cells)} of {len(frame):,} rows; the file holds all of them."])
    return counted + html.table([*own, *(run_title(r.config) for r in runs)], cells, wide=wide)


def _said(row: dict[str, Any], run: Run) -> str:
    answer, sure = row[f"{run.name} label"], row[f"{run.name} confidence"]
    if pd.isna(answer):
        return "no text"
    return f"{html.label_mark(answer, run.facts['data']['labels'])} {percent(sure, 0)}"


def build(root: Path, runs: gr.Dropdown) -> None:
    """The panel, in the open tab."""
    page(html.paragraphs([LEAD]))
    with gr.Row():
        upload = gr.File(label="A file with a column of texts", height=130, scale=3)
        column = gr.Textbox(label="Text column", placeholder="found by name", scale=1)
        with gr.Column(scale=1, min_width=200):
            button = gr.Button("Label the rows", variant="primary", size="md")
            file = gr.DownloadButton("Download the file", visible=False, size="md")
    shown = page(html.empty_state(EMPTY))
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 1}
    button.click(bound(label, root), [upload, column, runs], [shown, file], show_progress_on=shown, **private)
    gr.on([upload.change, runs.input], lambda: (html.empty_state(EMPTY), gr.DownloadButton(visible=False)), None,
          [shown, file], show_progress="hidden", **private)  # fmt: skip
    recipe.place(bound(recipes.a_file, root), [upload, runs])
