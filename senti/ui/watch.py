"""One run, live: where it stands, its curves, the end of its log; the same panel under every tab that trains.

The panel only reads the run's folder. A timer asks once a second and redraws on news; a page that is opened anew
finds the run again when its tab is opened, for nothing about it is kept in the page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.config import Config
from senti.errors import SentiError, UnknownRun
from senti.evaluation import hints
from senti.evaluation.scores import beyond_accuracy
from senti.evaluation.table import run_title
from senti.numbers import count, duration, interval
from senti.runs import ACTIVE, Run, list_runs, open_run, queue_place, stop_run
from senti.ui import html
from senti.ui.header import dataset_title
from senti.ui.known import own_run, resume_own
from senti.ui.widgets import Caption, figure, friendly, page

SECONDS = 1.0  # between two looks at a run that is not over
ENDED = {
    "stopped": "«Resume» goes on where it was stopped, and ends as if nothing had happened.",
    "interrupted": "Its process ended too early: it was killed, memory ran out, or the computer went off. "
    "«Resume» goes on from the last checkpoint, and ends as if nothing had happened.",
}
LOSS = Caption(
    "Loss",
    "how wrong and how sure; lower is better",
    "The grey line is the loss on the reviews it trains on, the dots that on reviews it never trains on. When the dots "
    "rise while the line still falls, it begins to learn the training reviews by heart.",
)
ACCURACY = Caption("Right answers on the validation reviews")
RATE = Caption("Learning rate")


@dataclass(frozen=True)
class Panel:
    """The parts of the page that show one run; `name` and `seen` are the session's memory of it.

    Name and stage are hidden texts and no States, of whose change Gradio tells twice, and only after queued events.
    """

    name: gr.Textbox
    seen: gr.State  # all that was shown last
    stage: gr.Textbox  # run and status: changes when another run is shown, and when one begins or ends
    timer: gr.Timer
    outputs: list[Any]
    stop: gr.Button
    resume: gr.Button


def build_panel(curves: bool) -> Panel:
    """Place status, the buttons to stop and to resume, curves if the method has them, and the log."""
    name = gr.Textbox(visible="hidden", label="name of the run")
    stage = gr.Textbox(visible="hidden", label="stage of the run")
    seen, timer = gr.State(""), gr.Timer(SECONDS, active=False)
    with gr.Row(elem_classes=["s-status"]):
        status = page(scale=1)
        stop = gr.Button("Stop", variant="stop", size="md", scale=0, min_width=90, visible=False)
        resume = gr.Button("Resume", variant="primary", size="md", scale=0, min_width=90, visible=False)
    figures = []
    with gr.Column(visible=False) as drawn:
        if curves:
            figures = [figure(LOSS, height=280)]
            with gr.Row():
                figures += [figure(ACCURACY, height=220), figure(RATE, height=220)]
    with gr.Accordion("What the run writes", open=False, visible=False) as writes:
        log = page()
    outputs = [seen, stage, timer, status, stop, resume, drawn, writes, log, *figures]
    return Panel(name, seen, stage, timer, outputs, stop, resume)


def wire_panel(tab: gr.Tab, root: Path, method: str, panel: Panel, empty: str) -> None:
    """Poll, stop, and find the newest run again when the tab opens; `empty` is said while there is none."""
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": None}
    look, inputs = partial(show_run, root, empty, len(panel.outputs)), [panel.name, panel.seen]
    panel.timer.tick(look, inputs, panel.outputs, trigger_mode="once", queue=False, **quiet)
    panel.name.change(look, inputs, panel.outputs, **quiet)
    panel.stop.click(partial(stop, root), panel.name, panel.stop, **quiet | {"concurrency_limit": 8})
    goes_on = panel.resume.click(partial(go_on, root), panel.name, panel.resume, **quiet | {"concurrency_limit": 4})
    goes_on.then(look, inputs, panel.outputs, **quiet)
    # in two steps: who starts a run while the first is under way must see that run, not what there was before
    found = tab.select(partial(shown_first, root, method), panel.name, panel.name, **quiet)
    found.then(look, inputs, panel.outputs, **quiet)


@friendly
def show_run(root: Path, empty: str, parts: int, name: str, seen: str) -> tuple[Any, ...]:
    """Every part of the panel, or nothing at all while there is no news."""
    run = find(root, name)
    if run is None:
        return (
            "none",
            "none",
            gr.Timer(active=False),
            html.empty_state(empty),
            gr.Button(visible=False),
            gr.Button(visible=False),
            *_hidden(),
            "",
            *[None] * (parts - 9),
        )
    status, log = run.status, run.log()
    news = f"{run.name} {status} {run.events_size} {len(log)} {log[-40:]}"
    if news == seen:
        return tuple(gr.skip() for _ in range(parts))
    events = run.events()
    curves = [draw(events).to_json() for draw in _drawings()[: parts - 9]]
    active = status in ACTIVE
    return (
        news, f"{run.name} {status}", gr.Timer(active=active), status_card(run, status, events),
        gr.Button("Stop", visible=active, interactive=True),
        gr.Button("Resume", visible=run.resumable, interactive=True),
        gr.Column(visible=bool(len(events)) and bool(curves)), gr.Accordion(visible=bool(log)),
        f'<pre class="s-pre">{html.h(log)}</pre>', *curves,
    )  # fmt: skip


def shown_first(root: Path, method: str, name: str) -> Any:
    """The run to show when the tab opens: the newest of its method, unless one is shown or there is none."""
    if find(root, name):
        return gr.skip()
    return newest(root, method) or (gr.skip() if not name else "")


@friendly
def stop(root: Path, name: str) -> Any:
    """End the run; what it has saved stays."""
    stop_run(root, own_run(root, name).name)
    return gr.Button("Stopped", interactive=False)


@friendly
def go_on(root: Path, name: str) -> Any:
    """Put a run that ended early back to work, from its newest whole checkpoint. Raises SentiError."""
    resumed = resume_own(root, name)
    gr.Info(html.h(". ".join(resumed.lines)))
    return gr.Button("Resuming", interactive=False)


def newest(root: Path, method: str) -> str:
    """The run to show at first: the one of a method that is running or next in line, else the newest."""
    runs = [run for run in list_runs(root) if run.facts.get("method") == method]
    active = [run for run in reversed(runs) if run.status in ACTIVE]  # oldest first, as the queue goes
    best = sorted(active, key=lambda run: run.status != "running") or runs
    return best[0].name if best else ""


def find(root: Path, name: str) -> Run | None:
    """A run that may have been deleted meanwhile."""
    try:
        return open_run(root, name) if name else None
    except UnknownRun:
        return None


def status_card(run: Run, status: str, events: pd.DataFrame) -> str:
    """Where a run stands: its title, tiles, a bar while it runs, a sentence if it failed."""
    if status == "unreadable":
        return html.problem(knobs_or_why(run)[1] or f"The result of {run.name} is damaged; train it again.")
    data = run.facts.get("data", {})
    parts = [run_title(run.config), run.facts.get("model_title"), dataset_title(data.get("name", ""))]
    title = " · ".join(part for part in parts if part)
    heading = f"<header><h3>{html.h(title)}</h3><p>{html.h(run.name)}</p></header>"
    return f'<section class="s-panel">{heading}{_said(run, status, events)}</section>'


def knobs_or_why(run: Run) -> tuple[Config | None, str]:
    """The knobs of a run, or why they cannot be read."""
    try:
        return run.config, ""
    except SentiError as e:
        return None, str(e)


def _said(run: Run, status: str, events: pd.DataFrame) -> str:
    if status == "finished":
        return html.tiles(_results(run)) + html.notes([*(run.result or {}).get("notes", []), *hints(run)])
    if status == "failed":
        return html.problem((run.error or {}).get("message", "It failed without a word; look at what it wrote."))
    if status in ("stopped", "interrupted"):
        why = [f"Stopped because {run.stop_reason}."] if run.stop_reason else []
        return html.tiles([("status", status), *_last(events)[:1]]) + html.paragraphs([*why, ENDED[status]])
    if status == "queued":
        place = queue_place(run)
        waits = "starts now" if place == 0 else f"{place} before it"
        return html.tiles([("status", "queued"), ("place", waits)])
    return html.tiles([("status", "running"), *_last(events)]) + html.progress(
        _share(events), "progress of the run") + html.notes(hints(run))  # fmt: skip


def _results(run: Run) -> list[tuple[str, str]]:
    result = run.result or {}
    scores, weights = result["scores"], result["parameters"]
    said = [(f"right on {split}", interval(s["accuracy"], s["accuracy_low"], s["accuracy_high"]))
            for split, s in ((split, scores[split]) for split in ("validation", "test"))]  # fmt: skip
    said += [(f"{name}, test", value) for name, value in beyond_accuracy(scores["test"])]
    return [*said, ("training", duration(result["seconds"]["train"])), ("weights trained", count(weights["trained"]))]


def _last(events: pd.DataFrame) -> list[tuple[str, str]]:
    if not len(events):
        return [("step", "getting ready")]
    row, rates = events.iloc[-1], pd.to_numeric(events["samples_per_second"]).dropna()
    thing = {"features": "reviews read", "tuning": "tries of C"}.get(row["split"], "step")
    speed = f"{rates.iloc[-1]:.0f} reviews/s" if len(rates) else "–"
    done = f"{int(row['step']):,} of {int(row['total_steps']):,}"
    left = "scoring" if row["step"] >= row["total_steps"] else duration(row["eta"])
    return [(thing, done), ("left", left), ("speed", speed)]


def _share(events: pd.DataFrame) -> float:
    return float(events["step"].iloc[-1] / max(1, events["total_steps"].iloc[-1])) if len(events) else 0.0


def _hidden() -> tuple[Any, Any]:
    return gr.Column(visible=False), gr.Accordion(visible=False)


def _drawings() -> list[Callable[[pd.DataFrame], Any]]:
    return [plots.loss_curves, plots.accuracy_curve, plots.learning_rate]
