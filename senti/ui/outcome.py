"""What a finished run got right and wrong on the test reviews: confusion and its surest mistakes."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.errors import SentiError
from senti.evaluation import mistakes
from senti.numbers import percent
from senti.runs import Run
from senti.ui import html
from senti.ui.watch import Panel, find
from senti.ui.widgets import Caption, figure, page

MISTAKES = 6
NONE = "It made no mistake on the {} reviews."
CONFUSION = Caption(
    "What was called what?",
    "on the test reviews",
    "Each row is what the reviews are, each column what the method said; the diagonal is right. Coloured by share of "
    "the row.",
)


def build_outcome(panel: Panel, root: Path, tab: gr.Tab) -> None:
    """Place both parts; they follow the panel's run."""
    with gr.Column(visible=False) as shown, gr.Row():
        with gr.Column(scale=2, min_width=300):
            matrix = figure(CONFUSION, height=230)
        with gr.Column(scale=3, min_width=380):
            wrong = page()
    gr.on(
        [panel.stage.change, tab.select], partial(show_outcome, root), panel.name, [shown, matrix, wrong],
        api_visibility="private", show_progress="hidden", concurrency_limit=8,
        trigger_mode="always_last",
    )  # fmt: skip


def show_outcome(root: Path, name: str) -> tuple[Any, str | None, str]:
    """Confusion and surest mistakes of a finished run, nothing for any other."""
    run = find(root, name)
    if run is None or run.result is None or run.status != "finished":
        return gr.Column(visible=False), None, ""
    labels = run.facts["data"]["labels"]
    matrix = plots.confusion(run.result["scores"]["test"]["confusion"], labels)
    return gr.Column(visible=True), matrix.to_json(), _mistakes(run, labels)


def _mistakes(run: Run, labels: list[str]) -> str:
    try:
        wrong = mistakes(run, n=MISTAKES)
    except (SentiError, OSError) as e:
        return html.empty_state(str(e))
    return mistakes_table(wrong, labels) if len(wrong) else html.empty_state(NONE.format("test"))


def mistakes_table(wrong: pd.DataFrame, labels: Sequence[str], pickable: str = "") -> str:
    """Rows of `evaluation.mistakes` as a table, to be picked by their place if `pickable` says what for."""
    mark = partial(html.label_mark, labels=labels)
    rows = [[html.h(row.text), mark(row.label), mark(row.said), percent(row.confidence, 0)]
            for row in wrong.itertuples()]  # fmt: skip
    columns = ["Its surest mistakes", "Is", "Said", "Sure"]
    return html.table(columns, rows, numbers=["Sure"], wide=columns[0], pickable=pickable)
