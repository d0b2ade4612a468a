"""Several runs asked together: choose how, combine, and the new run stands among the others."""

from pathlib import Path
from typing import Any

import gradio as gr

from senti.config import EnsembleConfig
from senti.errors import BadConfig, SentiError
from senti.evaluation import gain
from senti.evaluation.table import run_title
from senti.methods.ensemble import find_members
from senti.ui import html, recipe, recipes
from senti.ui.begin import begin
from senti.ui.chosen import chosen
from senti.ui.forms import Form
from senti.ui.history import build_history
from senti.ui.parts import Part
from senti.ui.watch import build_panel, find, wire_panel
from senti.ui.widgets import bound, friendly, page

WAYS = {
    "mean": ("Mean", "takes the mean of their probabilities. Nothing is fitted."),
    "weighted": ("Weighted mean", "takes a weighted mean of their probabilities, its weights fitted on the validation "
                 "reviews."),
    "vote": ("Vote", "gives the label that most of them say; a tie goes to the higher mean probability."),
    "stacking": ("Stacking", "lets a logistic regression, fitted on the validation reviews, judge from their "
                 "probabilities."),
}  # fmt: skip
WHY = (
    "Methods err on different reviews, so several together may be right where one is wrong. It is no free gain: a "
    "prediction takes as long as all members together, and members that err alike gain nothing. What was fitted on the "
    "validation reviews looks better there than it is; the test reviews tell."
)
SOURCE = ("Kittler et al. 1998, On combining classifiers; Wolpert 1992", "https://doi.org/10.1109/34.667881")
LEAD = "Several runs asked together: choose them above, under «Which runs». None is trained anew."
NONE_YET = "No ensemble yet. It becomes a run like any other, on every panel here."
FEW = "Choose at least two trained runs on the same reviews to combine them."


def plan(root: Path, names: list[str], how: str) -> str:
    """What the button would do, in a sentence, or why it cannot."""
    try:
        runs = find_members(asked(root, names, how), root)
    except SentiError as e:
        return html.paragraphs([str(e)])
    titles = [run_title(run.config) for run in runs]
    return html.paragraphs([f"Asks {', '.join(titles[:-1])} and {titles[-1]}, and {WAYS[how][1]}"])


def asked(root: Path, names: list[str], how: str) -> EnsembleConfig:
    """The ensemble of the chosen runs. Raises BadConfig where fewer than two can be members."""
    found = members(root, names)
    if len(found) < 2:
        raise BadConfig(FEW)
    return EnsembleConfig(members=",".join(found), how=how)


def members(root: Path, names: list[str]) -> list[str]:
    """The chosen runs that are no ensembles themselves."""
    return [run.name for run in chosen(root, names) if run.facts["method"] != "ensemble"]


def told(root: Path, names: list[str], how: str) -> recipe.Recipe:
    """The ensemble without the page."""
    return recipes.ensemble(root, members(root, names), how)


@friendly
def combine(root: Path, names: list[str], how: str) -> tuple[str, str]:
    """Queue the ensemble; returns its name twice: the run to show, and the one that this page made."""
    name = begin(root, asked(root, names, how)).name
    return name, name


def verdict(root: Path, name: str, made: str) -> tuple[str, Any]:
    """A finished ensemble beside its best member, its notes, and its name if this page made it."""
    run = find(root, name)
    if run is None or run.result is None:
        return "", gr.skip()
    joined = name if name == made else gr.skip()
    try:
        return html.paragraphs([gain(run), *run.result["notes"]]), joined
    except SentiError as e:  # a member is gone
        return html.paragraphs([str(e)]), joined


def build_ensemble(root: Path, tab: gr.Tab, runs: gr.Dropdown) -> tuple[Part, gr.Textbox]:
    """The panel, in the open tab; returns its plan, and the name of the ensemble that was finished on this page."""
    private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": 8}
    made, joined = gr.State(""), gr.Textbox(visible="hidden", label="new ensemble")
    page(html.paragraphs([LEAD]))
    with gr.Row(elem_classes=["s-leads"]):
        how = gr.Radio([(title, way) for way, (title, _) in WAYS.items()], value="mean", label="How")
        go = gr.Button("Combine these runs", variant="primary", scale=0, min_width=220)
    planned = page()
    panel = build_panel(curves=False)
    judged = page()
    build_history(panel, root, Form("ensemble", (), []), gr.State(None), tab)
    page(html.what(WHY, *SOURCE))
    recipe.place(bound(told, root), [runs, how])
    wire_panel(tab, root, "ensemble", panel, NONE_YET)
    part = Part(tab, bound(plan, root), [runs, how], [planned])
    how.input(part.show, part.inputs, part.outputs, **private)
    go.click(bound(combine, root), [runs, how], [panel.name, made], **private | {"show_progress": "minimal"})
    panel.stage.change(bound(verdict, root), [panel.name, made], [judged, joined], **private)
    return part, joined
