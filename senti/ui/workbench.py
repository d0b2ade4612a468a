"""What every tab that trains is made of: form and plan left, the run right, outcome and past runs below."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from senti.config import Config
from senti.runs import Run
from senti.ui import html
from senti.ui.begin import begin
from senti.ui.choice import Choice
from senti.ui.forms import Form, build_form, read_form
from senti.ui.history import build_history
from senti.ui.outcome import build_outcome
from senti.ui.plan import planner
from senti.ui.watch import Panel, build_panel, wire_panel
from senti.ui.widgets import friendly, page


@dataclass(frozen=True)
class Bench:
    """One method's tab in words, and what its button does with the config of the form."""

    method: str
    tab: str
    lead: str
    button: str
    empty: str
    curves: bool = True
    outcome: bool = True
    begin: Callable[[Path, Config], Run] = begin


@dataclass(frozen=True)
class Placed:
    """The parts of a bench that its tab adds to."""

    tab: gr.Tab
    form: Form
    panel: Panel


More = Callable[[Placed], None]


def build_bench(
    root: Path, choice: gr.State, bench: Bench, more: More | None = None, tab: gr.Tab | None = None
) -> Placed:  # fmt: skip
    """Place and wire a whole tab; `more` may place what only this method has, between the run and its outcome.

    tab: one that is open already, to be filled in place of a new one.
    """
    with nullcontext(tab) if tab else gr.Tab(bench.tab, id=bench.method) as tab:
        page(html.lead(bench.lead))
        with gr.Row():
            with gr.Column(scale=0, min_width=340, elem_classes=["s-left"]):
                form = build_form(bench.method)
                go = gr.Button(bench.button, variant="primary")
                plan = page()
            with gr.Column(scale=1, min_width=480):
                placed = Placed(tab, form, build_panel(bench.curves))
                if more:
                    more(placed)
                if bench.outcome:
                    build_outcome(placed.panel, root, tab)
        build_history(placed.panel, root, form, choice, tab)
    wire_panel(placed.tab, root, bench.method, placed.panel, bench.empty)
    _wire_form(root, choice, bench, placed, go, plan)
    return placed


def _wire_form(root: Path, choice: gr.State, bench: Bench, placed: Placed, go: gr.Button, plan: gr.HTML) -> None:
    """The plan follows the form; the button starts the run and shows it."""
    form, asked = placed.form, [choice, *placed.form.widgets]
    changes = [placed.tab.select, choice.change, placed.panel.stage.change, *(w.change for w in form.widgets)]
    gr.on(
        changes, planner(root, form), asked, plan,
        api_visibility="private", show_progress="hidden", trigger_mode="always_last", concurrency_limit=8,
    )  # fmt: skip
    started = partial(start_run, root, bench, form.names)
    go.click(started, asked, placed.panel.name, api_visibility="private", concurrency_limit=4, show_progress_on=plan)


@friendly
def start_run(root: Path, bench: Bench, names: tuple[str, ...], choice: Choice, *values: Any) -> str:
    """Queue the run that a form asks for; returns its name. Raises SentiError."""
    return bench.begin(root, read_form(bench.method, names, choice, values)).name
