"""A linear SVM on frozen features: the run, the ladder it stands on, and what its answers rest on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from senti.evaluation.slices import TESTED
from senti.ui import (
    html,
    recipe,
    recipes,
    svm_amount,
    svm_calibration,
    svm_ladder,
    svm_mistakes,
    svm_nearest,
    svm_strength,
)
from senti.ui.measured import build_measured
from senti.ui.parts import QUIET, Part, wire_parts
from senti.ui.watch import SECONDS
from senti.ui.widgets import bound, figure, page, pickable
from senti.ui.workbench import Bench, Placed, build_bench

BENCH = Bench(
    method="svm",
    tab="SVM baseline",
    lead="Leave the model as it is, read one vector per review off it, and let a linear SVM tell the vectors apart.",
    button="Train the SVM",
    empty="No SVM yet. Press «Train the SVM»: it reads every review once, which takes seconds; the other rungs of the "
    "ladder are trained beside it.",
    curves=False,
    outcome=False,
    begin=svm_ladder.begin_with_ladder,
)
PRIVATE: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}


@dataclass(frozen=True)
class Study:
    """What a link holds of this tab: its sub-tabs, and the text whose neighbours are looked for."""

    panels: gr.Tabs
    text: gr.Textbox


def build(root: Path, choice: gr.State) -> Study:
    """The tab; returns what a link needs to reopen it."""
    made: list[Study] = []
    build_bench(root, choice, BENCH, more=lambda placed: made.append(_place_parts(root, choice, placed)))
    return made[0]


def _place_parts(root: Path, choice: gr.State, placed: Placed) -> Study:
    name = placed.panel.name
    with gr.Tabs(elem_classes=["s-subtabs"], overflow_behavior="wrap") as tabs:
        measured = [_ladder(root, name), _amount(choice), _strength(root, name)]
        text, find = _nearest(root, name)
        mistaken = _mistakes(root, name)
        measured += [mistaken, _calibration(root, name)]
    wire_parts(tabs, measured)(partial(gr.on, [placed.panel.stage.change, placed.tab.select, choice.change]))
    table, texts = mistaken.outputs[:2]
    find(table.click(_send, texts, [tabs, text], **QUIET).then)
    return Study(tabs, text)


def _send(texts: list[str], event: gr.EventData) -> tuple[Any, str]:
    """Turn to the neighbours with the mistake that was clicked."""
    return gr.Tabs(selected="nearest"), svm_mistakes.take_mistake(texts, event)


def _ladder(root: Path, name: gr.Textbox) -> Part:
    with gr.Tab("The ladder", id="ladder") as tab:
        page(html.paragraphs([svm_ladder.LEAD]))
        table, timer = pickable(), gr.Timer(2 * SECONDS, active=False)
        recipe.place(bound(recipes.ladder, root), [name])
    part = Part(tab, bound(svm_ladder.show_ladder, root), [name], [table, timer])
    timer.tick(part.show, name, [table, timer], api_visibility="private", queue=False, show_progress="hidden")
    table.click(svm_ladder.take_run, None, name, **QUIET)
    return part


def _amount(choice: gr.State) -> Part:
    with gr.Tab("How much data?", id="amount") as tab:
        panel = build_measured(svm_amount.LEAD, svm_amount.BUTTON, svm_amount.CURVES, 380)
        recipe.place(recipes.learning_curve, [choice])
    panel.button.click(svm_amount.measure_amount, choice, panel.outputs, show_progress_on=panel.note, **PRIVATE)
    return Part(tab, svm_amount.show_amount, [choice], panel.outputs)


def _strength(root: Path, name: gr.Textbox) -> Part:
    with gr.Tab("Which C?", id="strength") as tab:
        panel = build_measured(svm_strength.LEAD, svm_strength.BUTTON, svm_strength.STRENGTH, 320)
        recipe.place(bound(recipes.cross_validation, root), [name])
    measure = bound(svm_strength.measure_strength, root)
    panel.button.click(measure, name, panel.outputs, show_progress_on=panel.note, **PRIVATE)
    return Part(tab, bound(svm_strength.show_strength, root), [name], panel.outputs)


def _nearest(root: Path, name: gr.Textbox) -> tuple[gr.Textbox, Callable[[Any], Any]]:
    """Returns the text, and what binds an event to finding its neighbours; those of another run are cleared away."""
    with gr.Tab("Neighbours", id="nearest"):
        page(html.paragraphs([svm_nearest.LEAD]))
        text = gr.Textbox(svm_nearest.EXAMPLE, label="A text", submit_btn="Find the nearest", max_lines=4)
        shown = page()
        recipe.place(bound(recipes.nearest, root), [name, text])
    name.change(None, None, shown, js="() => ''")

    def find(event: Any) -> Any:
        return event(bound(svm_nearest.find_nearest, root), [name, text], shown, **PRIVATE)

    find(text.submit)
    return text, find


def _mistakes(root: Path, name: gr.Textbox) -> Part:
    with gr.Tab("Mistakes", id="mistakes") as tab:
        with gr.Row(elem_classes=["s-leads"]):
            page(html.paragraphs([svm_mistakes.LEAD]), scale=1)
            split = gr.Dropdown(list(TESTED), value="test", label="Reviews", show_label=False, scale=0, min_width=160,
                                container=False)  # fmt: skip
        table, texts = pickable(), gr.State([])
        with gr.Column(visible=False) as drawn:
            matrix = figure(svm_mistakes.CONFUSION, height=230)
        recipe.place(bound(recipes.mistakes, root), [name, split])
    part = Part(tab, bound(svm_mistakes.show_mistakes, root), [name, split], [table, texts, drawn, matrix])
    split.input(part.show, part.inputs, part.outputs, **QUIET)
    return part


def _calibration(root: Path, name: gr.Textbox) -> Part:
    with gr.Tab("How sure?", id="calibration") as tab:
        panel = build_measured(svm_calibration.LEAD, "", svm_calibration.RELIABILITY, 380)
        recipe.place(bound(recipes.temperature, root), [name])
    return Part(tab, bound(svm_calibration.show_calibration, root), [name], panel.outputs)
