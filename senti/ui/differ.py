"""Test sentences on which the chosen runs differ, and why they differ on the one that is picked."""

from pathlib import Path
from typing import Any

import gradio as gr

from senti.errors import SentiError
from senti.evaluation import disagreements
from senti.ui import disagreement, html, verdicts
from senti.ui.chosen import chosen, on_same_reviews, titles
from senti.ui.disagreement import Sentence
from senti.ui.parts import QUIET, Part
from senti.ui.widgets import bound, friendly, page, pickable

LEAD = "Test sentences on which the chosen runs differ, the most opposed first. Pick one to see why."


@friendly
def differ(root: Path, names: list[str]) -> tuple[str, list[Sentence], None, Any]:
    """The test sentences on which the chosen runs differ, as a list and for the click; none is picked or explained."""
    return *_differ(root, names), None, gr.Column(visible=False)


def _differ(root: Path, names: list[str]) -> tuple[str, list[Sentence]]:
    known = chosen(root, names)
    if len(known) < 2:
        return html.empty_state("Choose at least two runs on the same reviews to see where they differ."), []
    same = on_same_reviews(known)
    if len(same) < 2:
        return html.empty_state("The chosen runs were tested on different reviews; choose two on the same."), []
    try:
        found = disagreements(root, [run.name for run in same], n=30)
    except SentiError as e:
        return html.empty_state(str(e)), []
    called = titles(same)
    named = found.rename(columns=dict(zip([run.name for run in same], called, strict=True)))
    labels = same[0].facts["data"]["labels"]
    listed = verdicts.disagreements(named, dict(zip(called, called, strict=True)), labels)
    rows = [Sentence(*row, tuple(labels)) for row in zip(found["text"], found["label"], strict=True)]
    return f'<div class="s-short">{listed}</div>', rows


def pick(rows: list[Sentence], event: gr.EventData) -> Sentence:
    """The sentence that was clicked."""
    return rows[int(event.pick)]


def build(root: Path, tab: gr.Tab, runs: gr.Dropdown) -> tuple[Part, gr.State, gr.Button]:
    """The panel, in the open tab; returns it, the picked sentence, and the button that sends that to «One text»."""
    page(html.paragraphs([LEAD]))
    sentences, rows, picked = pickable(), gr.State([]), gr.State(None)
    panel, send = disagreement.build(root, runs, picked, sentences.click(pick, rows, picked, **QUIET))
    return Part(tab, bound(differ, root), [runs], [sentences, rows, picked, panel]), picked, send
