"""The quickstart's offer: an SVM, full fine-tuning and LoRA on the bundled reviews, trained in front of the visitor."""

from pathlib import Path
from typing import Any

import gradio as gr

from senti.evaluation.table import run_title
from senti.quickstart import CONFIGS
from senti.runs import ACTIVE, list_runs
from senti.ui import html
from senti.ui.begin import begin
from senti.ui.widgets import bound, friendly, page

OFFER = "Train an SVM, full fine-tuning and LoRA yourself, on the bundled reviews: three runs, about a minute, live."


@friendly
def quickstart(root: Path) -> tuple[list[str], Any, str]:
    """Start the three runs; returns their names, the running timer, and a first line."""
    names = [begin(root, config).name for config in CONFIGS]
    return names, gr.Timer(active=True), html.paragraphs(["Three runs are starting."])


def watch(root: Path, names: list[str]) -> tuple[str, Any]:
    """A line per run of the quickstart, and the timer until all have ended."""
    runs = [run for run in list_runs(root) if run.name in names][::-1]
    ended = all(run.status not in ACTIVE for run in runs)
    return html.paragraphs([_line(run) for run in runs]), gr.Timer(active=not ended)


def _line(run: Any) -> str:
    events = run.events()
    far = f", step {int(events['step'].iloc[-1]):,} of {int(events['total_steps'].iloc[-1]):,}" if len(events) else ""
    why = f": {run.error['message']}" if run.error else ""
    return f"{run_title(run.config)}: {run.status}{far if run.status == 'running' else ''}{why}"


def build(root: Path) -> tuple[gr.Row, Any]:
    """The offer, where it is called: its row, and the event after which there may be new runs."""
    with gr.Row(visible=False, elem_classes=["s-offer"]) as row:
        page(html.paragraphs([OFFER]), scale=1)
        begin_all = gr.Button("Train all three", variant="primary", scale=0, min_width=200)
    progress, timer, started = page(), gr.Timer(1.0, active=False), gr.State([])
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    begin_all.click(bound(quickstart, root), None, [started, timer, progress], **private)
    quiet = private | {"show_progress": "hidden", "queue": False}
    return row, timer.tick(bound(watch, root), started, [progress, timer], **quiet)
