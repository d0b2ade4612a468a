"""The nearest training reviews in the SVM tab: what the shown run compares a text with."""

from pathlib import Path

import gradio as gr

from senti.encoder import clean_text
from senti.errors import UnknownRun
from senti.evaluation import load_predictor, nearest
from senti.evaluation.table import run_title
from senti.numbers import percent
from senti.ui import html
from senti.ui.known import current_visitor, turnstile
from senti.ui.warm import await_models
from senti.ui.watch import find
from senti.ui.widgets import friendly

NEIGHBOURS = 5
EXAMPLE = "a gorgeous but strangely empty film"
LEAD = "Which training reviews does the run take this text to be like?"
WHY = (
    "A method knows a text only by its vector. These are the training reviews whose vectors point most nearly the same "
    "way, in the very space in which the run draws its line: standardised features for an SVM, word weights for "
    "TF-IDF. A cosine of 1 is the same direction, 0 has nothing in common. The SVM does not vote among them, but where "
    "they disagree with it, the text lies near its line or is unlike anything it has seen."
)
COLUMNS = ["Training review", "Is", "As the run says", "Cosine"]


@friendly
def find_nearest(
    root: Path, name: str, text: str, progress: gr.Progress = gr.Progress()  # noqa: B008 - how Gradio is told
) -> str:  # fmt: skip
    """What the run says of the text, and its nearest training reviews."""
    run = find(root, name)
    if run is None:
        raise UnknownRun("No run is shown; train an SVM first, or choose one below.")
    turnstile().enter(current_visitor())
    await_models()
    found = nearest(run, text, NEIGHBOURS, lambda done, total: progress((done, total), unit="reviews"))
    labels, chances = run.facts["data"]["labels"], load_predictor(run)([clean_text(text)])[0]
    said = labels[int(chances.argmax())]
    told = f"{run_title(run.config)} says {said}, {percent(chances.max(), 0)} sure."
    if found.empty:
        return html.paragraphs([told]) + html.empty_state("No training review has a word in common with this text.")
    told += f" {int(found['agrees'].sum())} of the {len(found)} nearest training reviews are {said}."
    cells = [[html.h(r.text), html.label_mark(r.label, labels), "yes" if r.agrees else "no", f"{r.similarity:.2f}"]
             for r in found.itertuples()]  # fmt: skip
    table = html.table(COLUMNS, cells, numbers=("Cosine",), wide=COLUMNS[0])
    return html.paragraphs([told]) + table + html.what(WHY)
