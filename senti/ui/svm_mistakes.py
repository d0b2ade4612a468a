"""The surest mistakes in the SVM tab, with the confusion; a click sends a review to its nearest neighbours."""

from pathlib import Path
from typing import Any

import gradio as gr

from senti import plots
from senti.errors import SentiError
from senti.evaluation import mistakes
from senti.ui import html
from senti.ui.outcome import NONE, mistakes_table
from senti.ui.watch import find
from senti.ui.widgets import Caption, friendly

SHOWN = 20
LEAD = "Where was the run sure and wrong? Click a review to see which training reviews it takes it to be like."
LATER = "Once the run has finished, its mistakes stand here."
CONFUSION = Caption(
    "What was called what?",
    "",
    "Each row is what the reviews are, each column what the method said; the diagonal is right. Coloured by share of "
    "the row.",
)


@friendly
def show_mistakes(root: Path, name: str, split: str) -> tuple[str, list[str], Any, str | None]:
    """The table, its texts for the click, and the confusion."""
    run = find(root, name)
    if run is None or run.status != "finished" or run.result is None:
        return html.empty_state(LATER), [], gr.Column(visible=False), None
    labels = run.facts["data"]["labels"]
    drawn = gr.Column(visible=True), plots.confusion(run.result["scores"][split]["confusion"], labels).to_json()
    try:
        wrong = mistakes(run, split, SHOWN)
    except (SentiError, OSError) as e:
        return html.empty_state(str(e)), [], *drawn
    if wrong.empty:
        return html.empty_state(NONE.format(split)), [], *drawn
    return mistakes_table(wrong, labels, "find the neighbours of mistake"), list(wrong["text"]), *drawn


def take_mistake(texts: list[str], event: gr.EventData) -> str:
    """The review that was clicked."""
    return texts[int(event.pick)]
