"""Figures over a whole split, from what the chosen runs predicted when they were trained; one view at a time."""

from pathlib import Path
from typing import Any

import gradio as gr

from senti.errors import SentiError
from senti.evaluation.split import THRESHOLD
from senti.runs import Run
from senti.ui import html, recipe, recipes, split_agreement, split_confusion, split_curves, split_slices
from senti.ui.chosen import chosen, on_same_reviews, titles
from senti.ui.parts import QUIET, Part
from senti.ui.widgets import bound, figure, friendly, page, pickable

VIEWS = ("Confusion", "Agreement", "Calibration", "ROC and precision", "Coverage", "Slices")
SPLITS = [("test", "test"), ("validation", "validation")]
PARTS = ("cells", "numbers", "reliability", "label", "roc", "precision", "covered", "told")  # what a view may fill
CLICKED = ("Confusion", "Agreement", "Slices")  # the views that are clicked, and what a pick begins with
TAKEN = {"cell": split_confusion.confused, "all": split_agreement.together, "pair": split_agreement.pair_reviews,
         "slice": split_slices.sliced}  # fmt: skip
SEE = """() => {
  const title = document.querySelector('.s-listed h3');
  if (title && title.getBoundingClientRect().top > innerHeight - 120) title.scrollIntoView({block: 'center'});
}"""
EMPTY = "No trained run is chosen. Choose some under «Which runs», or train one first."


@friendly
def show(root: Path, names: list[str], split: str, view: str, label: str | None, threshold: float) -> list[Any]:
    """The chosen view: updates in the order of PARTS, and no reviews yet."""
    known = chosen(root, names)
    runs = on_same_reviews(known)
    try:
        filled = _filled(runs, split, view, label, threshold) if runs else _instead(EMPTY)
    except SentiError as e:
        filled = _instead(str(e))
    left = [title for run, title in zip(known, titles(known), strict=True) if run not in runs]
    note = html.notes([f"Left out, since tested on other reviews: {', '.join(left)}."] if left else [])
    below = "cells" if view in CLICKED else "told" if view == "Coverage" else "numbers"
    filled[below] += note
    return [*(filled.get(part, gr.skip()) for part in PARTS), ""]


def _instead(sentence: str) -> dict[str, Any]:
    empty = html.empty_state(sentence)
    return {"cells": empty, "numbers": empty, "reliability": None, "roc": None, "precision": None, "covered": None,
            "told": empty}  # fmt: skip


def _filled(runs: list[Run], split: str, view: str, label: str | None, threshold: float) -> dict[str, Any]:
    if view == "Confusion":
        return {"cells": split_confusion.confusions(runs, split)}
    if view == "Agreement":
        return {"cells": split_agreement.agreements(runs, split)}
    if view == "Slices":
        return {"cells": split_slices.slice_table(runs, split)}
    if view == "Calibration":
        return dict(zip(("reliability", "numbers"), split_curves.calibration(runs, split), strict=True))
    if view == "Coverage":
        return dict(zip(("covered", "told"), split_curves.covered(runs, split, threshold / 100), strict=True))
    found = split_curves.label_curves(runs, split, label)
    return dict(zip(("label", "roc", "precision", "numbers"), found, strict=True))


@friendly
def take(root: Path, names: list[str], split: str, event: gr.EventData) -> tuple[Any, str]:
    """The reviews behind what was clicked; a pair of runs shows its parts first."""
    runs, (kind, pick) = on_same_reviews(chosen(root, names)), str(event.pick).split(" ", 1)
    if kind == "pair" and pick.count("|") == 1:
        first, second = pick.split("|")
        return split_agreement.agreements(runs, split, (first, second)), ""
    return gr.skip(), TAKEN[kind](runs, split, pick)


def turn(view: str) -> tuple[Any, ...]:
    """What of the page belongs to a view, figures with their numbers or what can be clicked."""
    cells = view in CLICKED
    figures = (gr.Column(visible=view == name) for name in VIEWS if name not in CLICKED)
    return *figures, gr.HTML(visible=not cells and view != "Coverage"), gr.Column(visible=cells)


def build(root: Path, tab: gr.Tab, runs: gr.Dropdown) -> Part:
    """The panel, in the open tab."""
    with gr.Row(elem_classes=["s-leads"]):
        view = gr.Radio(VIEWS, value=VIEWS[0], label="Look at", scale=4, min_width=560)
        split = gr.Dropdown(SPLITS, value="test", label="Split", scale=0, min_width=150)
    with gr.Column(visible=False) as calibration:
        reliability = figure(split_curves.RELIABILITY, height=400)
    with gr.Column(visible=False) as curves:
        with gr.Row():
            label = gr.Dropdown([], label="Label to be found", scale=0, min_width=260)
        with gr.Row():
            with gr.Column(min_width=560):
                roc = figure(split_curves.ROC, height=400)
            with gr.Column(min_width=560):
                precision = figure(split_curves.PRECISION, height=400)
    with gr.Column(visible=False) as covering:
        threshold = gr.Slider(0, 100, value=100 * THRESHOLD, step=1, label="Answer only when at least … % sure")
        with gr.Row():
            with gr.Column(scale=3, min_width=480):
                covered = figure(split_curves.COVERAGE, height=400)
            with gr.Column(scale=2, min_width=300):
                told = page()
    numbers = page(visible=False)
    with gr.Column() as clicked:
        cells, reviews = pickable(), page()
    asked = [runs, split, view, label, threshold]
    filled = [cells, numbers, reliability, label, roc, precision, covered, told, reviews]
    part = Part(tab, bound(show, root), asked, filled)
    view.input(turn, view, [calibration, curves, covering, numbers, clicked], **QUIET)
    gr.on([split.input, view.input, label.input, threshold.input], part.show, asked, filled, **QUIET)
    # a click while another is under way counts too; always_last would lose what was picked
    picked = cells.click(bound(take, root), [runs, split], [cells, reviews], **QUIET | {"trigger_mode": "multiple"})
    picked.then(js=SEE)
    recipe.place(bound(recipes.split, root), [runs, split, threshold])
    return part
