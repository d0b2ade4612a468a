"""What every tab that trains is made of: form and plan left, the run right, outcome and past runs below."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from senti.config import Config
from senti.errors import BadConfig
from senti.experiment import start
from senti.runs import Run, list_runs
from senti.ui import html
from senti.ui.choice import Choice
from senti.ui.forms import Form, build_form, read_form
from senti.ui.history import build_history
from senti.ui.outcome import build_outcome
from senti.ui.plan import planner
from senti.ui.watch import ACTIVE, Panel, build_panel, newest, wire_panel
from senti.ui.widgets import friendly, page

MOST_WAITING = 8  # runs that may be queued or running at once


@dataclass(frozen=True)
class Bench:
    """One method's tab in words; `start` is what its button does with the config of the form."""

    method: str
    tab: str
    lead: str
    button: str
    empty: str
    curves: bool = True


@dataclass(frozen=True)
class Placed:
    """The parts of a bench that its tab may add to."""

    tab: gr.Tab
    form: Form
    panel: Panel


def build_bench(
    app: gr.Blocks, root: Path, choice: gr.State, bench: Bench, middle: Callable[[Panel], None] | None = None
) -> Placed:
    """Place and wire a whole tab; `middle` may place more between the run and its outcome."""
    with gr.Tab(bench.tab, id=bench.method) as tab:
        page(html.lead(bench.lead))
        with gr.Row():
            with gr.Column(scale=0, min_width=320, elem_classes=["s-left"]):
                form = build_form(bench.method)
                go = gr.Button(bench.button, variant="primary")
                plan = page()
            with gr.Column(scale=1, min_width=480):
                empty = page(html.empty_state(bench.empty), visible=False)
                panel = build_panel(bench.curves)
                if middle:
                    middle(panel)
                build_outcome(panel, root)
        build_history(panel, root, bench.method)
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    loaded = wire_panel(app, root, bench.method, panel)
    for event in (loaded.then, panel.stage.change):
        event(partial(show_empty, root, bench.method), None, empty, **quiet)
    asked = [choice, *form.widgets]
    changes = [tab.select, choice.change, panel.stage.change, *(widget.change for widget in form.widgets)]
    gr.on(changes, planner(root, form), asked, plan, trigger_mode="always_last", **quiet)
    begin = partial(start_run, root, form.method, form.names)
    go.click(begin, asked, panel.name, api_visibility="private", concurrency_limit=4, show_progress_on=plan)
    return Placed(tab, form, panel)


@friendly
def start_run(root: Path, method: str, names: tuple[str, ...], choice: Choice, *values: Any) -> str:
    """Queue the run that a form asks for; returns its name. Raises SentiError."""
    return begin(root, read_form(method, names, choice, values)).name


def begin(root: Path, config: Config) -> Run:
    """Queue a run, unless too many wait already. Raises SentiError."""
    waiting = sum(run.status in ACTIVE for run in list_runs(root))
    if waiting >= MOST_WAITING:
        raise BadConfig(f"{waiting} runs wait already; let some of them finish, or stop one, then start yours.")
    return start(root, config)


def show_empty(root: Path, method: str) -> Any:
    """The empty state, while there is no run of a method."""
    return gr.HTML(visible=not newest(root, method))
