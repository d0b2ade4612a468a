"""The runs of one method so far: look at one again, take its knobs for a new one, or delete it."""

from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from senti.config import EnsembleConfig, TrainConfig
from senti.errors import UnknownRun
from senti.numbers import count, duration, interval
from senti.runs import ACTIVE, Run, delete_run, list_runs, open_run
from senti.studies.seeds import missing
from senti.ui import html
from senti.ui.begin import begin_all
from senti.ui.forms import CHOSEN_ABOVE, Form, choice_of, filled, written
from senti.ui.header import dataset_title
from senti.ui.known import own_run
from senti.ui.take_away import buttons, packed
from senti.ui.watch import Panel, find, knobs_or_why, newest
from senti.ui.widgets import friendly, page, pickable

SHIPPED = "reference-"  # runs that come with senti
COLUMNS = ["Run", "Reviews", "Knobs", "Status", "Trained weights", "Training", "Validation", "Test"]
NUMBERS = COLUMNS[4:]
SEEDS = 5  # runs of the same knobs, whose deviation tells what chance does
TOLD = "Their mean and deviation stand in Compare, under Results."
TO_TOP = "() => window.scrollTo({top: 0, behavior: 'smooth'})"


def build_history(panel: Panel, root: Path, form: Form, choice: gr.State, tab: gr.Tab) -> None:
    """Place and wire the table, «Edit and rerun» where the form has knobs, the run as a file, and its deletion."""
    method, table = form.method, pickable()
    with gr.Row():
        edit = gr.Button("Edit and rerun", size="md", visible=False, scale=0, min_width=160)
        again = gr.Button(f"Repeat with {SEEDS} seeds", size="md", visible=False, scale=0, min_width=190)
        packs = gr.Button("Pack for download", size="md", visible=False, scale=0, min_width=160)
        file = gr.DownloadButton("Download", size="md", visible=False, scale=0, min_width=160)
        delete = gr.Button("Delete this run", size="md", visible=False, scale=0, min_width=160)
        asked = page(visible=False)
        sure = gr.Button("Delete for good", variant="stop", size="md", visible=False, scale=0, min_width=160)
        keep = gr.Button("Keep it", size="md", visible=False, scale=0, min_width=100)
    question = [edit, again, packs, file, delete, asked, sure, keep]
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
    look = partial(show_history, root, method, bool(form.names))
    gr.on([panel.stage.change, tab.select], look, panel.name, [table, *question], **quiet)
    table.click(take, None, panel.name, **quiet)
    delete.click(partial(ask, root), panel.name, question[4:], **quiet)
    again.click(partial(other_seeds, root), panel.name, panel.name, **quiet | {"concurrency_limit": 4})
    packs.click(partial(packed, root), panel.name, [packs, file], api_visibility="private", concurrency_limit=1,
                show_progress_on=packs)  # fmt: skip
    edited = edit.click(partial(fill_form, root, form.names), panel.name, [choice, *form.widgets], **quiet)
    edited.success(None, js=TO_TOP)
    keep.click(look, panel.name, [table, *question], **quiet)
    gone = sure.click(partial(remove, root, method), panel.name, panel.name, **quiet)
    gone.then(look, panel.name, [table, *question], **quiet)


def show_history(root: Path, method: str, editable: bool, name: str) -> tuple[Any, ...]:
    """The table of all runs of a method, and the buttons for the one that is shown."""
    runs = [run for run in list_runs(root) if run.facts.get("method") == method]
    hidden = gr.HTML(visible=False), gr.Button(visible=False), gr.Button(visible=False)
    if not runs:
        none = gr.Button(visible=False)
        return "", none, none, *buttons(None), none, *hidden
    table = html.table(COLUMNS, [_row(run) for run in runs], numbers=NUMBERS, wide="Knobs", pickable="show run",
                       picks=[run.name for run in runs])  # fmt: skip
    shown = find(root, name)
    edit, delete = gr.Button(visible=editable and shown is not None), gr.Button(visible=deletable(shown))
    again = gr.Button(visible=shown is not None and repeatable(shown))
    return f'<h3 class="s-title">All runs so far</h3>{table}', edit, again, *buttons(shown), delete, *hidden


@friendly
def fill_form(root: Path, names: tuple[str, ...], name: str) -> tuple[Any, ...]:
    """A run's reviews and model for the header, and its knobs for the form. Raises SentiError."""
    config = open_run(root, name).config
    choice = choice_of(config)
    gr.Info(html.h(f"The form holds the knobs of {name}. Change what you like, then start."))
    return choice, *filled(config, names)


@friendly
def other_seeds(root: Path, name: str) -> str:
    """Queue a run's knobs with the seeds that are missing of so many; returns the run to show. Raises SentiError."""
    configs = missing(root, own_run(root, name).name, SEEDS)
    if not configs:
        gr.Info(f"These knobs have {SEEDS} seeds. {TOLD}")
        return name
    return begin_all(root, configs, TOLD).name


def take(event: gr.EventData) -> str:
    """The run that was clicked."""
    return str(event.pick)


@friendly
def ask(root: Path, name: str) -> tuple[Any, ...]:
    """The question before a run is deleted."""
    question = f'<p class="s-text">Delete {html.h(name)} with all that it learned?</p>'
    return gr.Button(visible=False), gr.HTML(question, visible=True), gr.Button(visible=True), gr.Button(visible=True)


@friendly
def remove(root: Path, method: str, name: str) -> str:
    """Delete a run that may go; returns the one to show instead. Raises UnknownRun."""
    if not deletable(find(root, name)):
        raise UnknownRun(f"{name} cannot be deleted here: it is running, gone already, or came with senti.")
    delete_run(root, own_run(root, name).name)
    return newest(root, method)


def repeatable(run: Run) -> bool:
    """True for a finished run of a training in which chance plays a part."""
    return run.status == "finished" and isinstance(knobs_or_why(run)[0], TrainConfig)


def deletable(run: Run | None) -> bool:
    """True for a run that is over and did not come with senti."""
    return run is not None and not run.name.startswith(SHIPPED) and run.status not in ACTIVE


def _row(run: Run) -> list[str]:
    result, data = run.result or {}, run.facts.get("data", {})
    scores, weights = result.get("scores", {}), result.get("parameters", {})
    seconds = result.get("seconds", {}).get("train")
    reviews = f"{dataset_title(data.get('name', ''))} ({count(data.get('rows', {}).get('train'))})"
    shares = [interval(s.get("accuracy"), s.get("accuracy_low"), s.get("accuracy_high"))
              for s in (scores.get("validation", {}), scores.get("test", {}))]  # fmt: skip
    numbers = [count(weights.get("trained")), duration(seconds), *shares]
    return [html.h(cell) for cell in (run.name, reviews, knobs(run), run.status, *numbers)]


def knobs(run: Run) -> str:
    """The knobs of a run that are not at their default: Learning rate 5e-5, Epochs 1; or why it cannot be read."""
    config, why = knobs_or_why(run)
    if config is None:
        return why
    if isinstance(config, EnsembleConfig):  # the names of its members would fill the table
        return f"{config.how}, {len(config.names)} runs"
    moved = [f for f in fields(config) if f.name not in CHOSEN_ABOVE and getattr(config, f.name) != f.default]
    return ", ".join(_said(f.metadata["label"], getattr(config, f.name)) for f in moved) or "as they come"


def _said(label: str, value: Any) -> str:
    return label if value is True else f"{label} {written(value)}"
