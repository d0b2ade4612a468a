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
def start(root: Path) -> tuple[list[str], Any, str, Any]:
    """Start the three runs; returns their names, the running timer, a first line, and the offer, which is taken."""
    names = [begin(root, config).name for config in CONFIGS]
    return names, gr.Timer(active=True), html.paragraphs(["Three runs are starting."]), gr.Row(visible=False)


def watch(root: Path, names: list[str]) -> tuple[str, Any, Any]:
    """A line per run of the quickstart, the timer until all have ended, and then their names, joined by commas."""
    runs = [run for run in list_runs(root) if run.name in names][::-1]
    ended = all(run.status not in ACTIVE for run in runs)
    lines = html.paragraphs([_line(run) for run in runs])
    return lines, gr.Timer(active=not ended), ",".join(names) if ended else gr.skip()


def _line(run: Any) -> str:
    events = run.events()
    far = f", step {int(events['step'].iloc[-1]):,} of {int(events['total_steps'].iloc[-1]):,}" if len(events) else ""
    why = f": {run.error['message']}" if run.error else ""
    return f"{run_title(run.config)}: {run.status}{far if run.status == 'running' else ''}{why}"


def build(root: Path) -> tuple[gr.Row, gr.Textbox]:
    """The offer, where it is called: its row, and the names of the runs that came of it once all have ended."""
    with gr.Row(visible=False, elem_classes=["s-offer"]) as row:
        page(html.paragraphs([OFFER]), scale=1)
        begin_all = gr.Button("Train all three", variant="primary", scale=0, min_width=200)
    progress, timer, started = page(), gr.Timer(1.0, active=False), gr.State([])
    trained = gr.Textbox(visible="hidden", label="quickstart")
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    begin_all.click(bound(start, root), None, [started, timer, progress, row], **private)
    quiet = private | {"show_progress": "hidden", "queue": False}
    timer.tick(bound(watch, root), started, [progress, timer, trained], **quiet)
    return row, trained
