"""What a finished run got right and wrong on the test reviews: confusion and its surest mistakes."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.errors import SentiError
from senti.evaluation import saved_predictions
from senti.evaluation.compare import corpus_texts
from senti.numbers import percent
from senti.runs import Run
from senti.ui import html
from senti.ui.watch import Panel, find
from senti.ui.widgets import Caption, figure, page

MISTAKES = 6
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
            mistakes = page()
    gr.on(
        [panel.stage.change, tab.select], partial(show_outcome, root), panel.name, [shown, matrix, mistakes],
        api_visibility="private", show_progress="hidden", concurrency_limit=8,
    )  # fmt: skip


def show_outcome(root: Path, name: str) -> tuple[Any, str | None, str]:
    """Confusion and surest mistakes of a finished run, nothing for any other."""
    run = find(root, name)
    if run is None or run.result is None:
        return gr.Column(visible=False), None, ""
    labels = run.facts["data"]["labels"]
    matrix = plots.confusion(run.result["scores"]["test"]["confusion"], labels)
    return gr.Column(visible=True), matrix.to_json(), _mistakes(run, labels)


def _mistakes(run: Run, labels: list[str]) -> str:
    try:
        wrong = surest_mistakes(run)
    except (SentiError, OSError) as e:
        return html.empty_state(str(e))
    mark = partial(html.label_mark, labels=labels)
    rows = [[html.h(row.text), mark(row.truth), mark(row.said), percent(row.sure, 0)] for row in wrong.itertuples()]
    if not rows:
        return html.empty_state("It made no mistake on the test reviews.")
    table = html.table(
        ["Its surest mistakes", "Is", "Said", "Sure"], rows, numbers=["Sure"], wide="Its surest mistakes"
    )
    return table


def surest_mistakes(run: Run, n: int = MISTAKES) -> pd.DataFrame:
    """The test reviews a run got wrong with the highest probability: text, truth, said, sure."""
    labels, checksum = run.facts["data"]["labels"], run.facts["data"]["checksum"]
    saved = saved_predictions(run, "test")
    chance = saved.filter(regex=r"^p\d+$").to_numpy()
    said, sure = chance.argmax(axis=1), chance.max(axis=1)
    texts = corpus_texts(run.config, checksum, "test")
    table = pd.DataFrame({"text": texts, "truth": [labels[i] for i in saved["label"]],
                          "said": [labels[i] for i in said], "sure": sure})  # fmt: skip
    return table[table["truth"] != table["said"]].nlargest(n, "sure")
