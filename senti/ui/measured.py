"""A panel with a figure that takes a while: a sentence and a button until it is measured, then the figure."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from senti.ui import html
from senti.ui.widgets import Caption, figure, page


@dataclass(frozen=True)
class Measured:
    """The parts of the panel; handlers fill `outputs` with what `filled` or `unfilled` gives."""

    button: gr.Button
    note: gr.HTML
    outputs: list[Any]


def build_measured(lead: str, button: str, caption: Caption, height: int) -> Measured:
    """Place the panel; with no words for the button it has none."""
    with gr.Row(elem_classes=["s-leads"]):
        page(html.paragraphs([lead]), scale=1)
        go = gr.Button(button, variant="primary", size="md", scale=0, min_width=180, visible=False)
    note = page()
    with gr.Column(visible=False) as drawn:
        curve = figure(caption, height=height)
    return Measured(go, note, [note, drawn, curve, go])


def filled(curve: str, note: str = "") -> tuple[Any, ...]:
    """The figure's JSON and a sentence above it."""
    return html.paragraphs([note]) if note else "", gr.Column(visible=True), curve, gr.Button(visible=False)


def unfilled(sentence: str, button: bool = False) -> tuple[Any, ...]:
    """A sentence in place of the figure, and the button where pressing it would help."""
    return html.empty_state(sentence), gr.Column(visible=False), None, gr.Button(visible=button)
