"""Distillation: a finished run teaches a smaller student; what that loses, and what it gains."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from senti.config import DistillConfig
from senti.errors import SentiError
from senti.evaluation import against_teacher, beside_teacher, finished_runs
from senti.evaluation.table import run_title
from senti.methods.distill import may_teach
from senti.numbers import count, interval, milliseconds, size
from senti.ui import html
from senti.ui.watch import find
from senti.ui.widgets import page
from senti.ui.workbench import Bench, Placed, build_bench

BENCH = Bench(
    method="distill",
    tab="Distillation",
    lead="A finished run teaches a student with fewer layers: smaller and faster, and perhaps nearly as accurate.",
    button="Teach a student",
    empty="No student yet. Choose a teacher on the left, a run of full fine-tuning or LoRA, then «Teach a student».",
)
WHY = (
    "The student begins as a copy of its teacher with layers left out. A label says only which answer is right; the "
    "teacher's probabilities also say how sure one can be, review by review. «Weight of the teacher» 0 trains the same "
    "student on the labels alone: run both to see what the teacher adds."
)
SOURCES = ("Hinton et al. 2015, Distilling the knowledge in a neural network", "https://arxiv.org/abs/1503.02531")
COLUMNS = ["Run", "Test accuracy", "Weights", "On disk", "One sentence"]
NO_TEACHER = "No run here can teach yet: finish one of full fine-tuning or LoRA first, on its own tab."


def build(root: Path, choice: gr.State, tab: gr.Tab) -> Placed:
    """The panel, in its open tab."""
    placed = build_bench(root, choice, BENCH, more=partial(_place, root), tab=tab)
    teacher = placed.form.widgets[placed.form.names.index("teacher")]
    gr.on(
        [tab.select, placed.panel.stage.change], partial(offer, root), teacher, teacher,
        api_visibility="private", show_progress="hidden", trigger_mode="always_last", concurrency_limit=8,
    )  # fmt: skip
    return placed


def _place(root: Path, placed: Placed) -> None:
    compared = page()
    page(html.what(WHY, *SOURCES))
    gr.on(
        [placed.tab.select, placed.panel.stage.change], partial(show_both, root), placed.panel.name, compared,
        api_visibility="private", show_progress="hidden", trigger_mode="always_last", concurrency_limit=8,
    )  # fmt: skip


def teachers(root: Path) -> list[tuple[str, str]]:
    """Title and name of every run that can teach, newest first."""
    return [(f"{run_title(run.config)} · {run.name}", run.name) for run in finished_runs(root) if may_teach(run)]


def offer(root: Path, chosen: str) -> Any:
    """The dropdown with the runs that can teach; what is chosen stays, else the newest is."""
    found = teachers(root)
    names = [name for _, name in found]
    value = chosen if chosen in names else names[0] if names else ""
    return gr.Dropdown(choices=found, value=value, info="the finished run that teaches" if found else NO_TEACHER)


def show_both(root: Path, name: str) -> str:
    """Teacher and student in a table, with what tells them apart in words; nothing before a student has finished."""
    run = find(root, name)
    if run is None or run.status != "finished" or not isinstance(run.config, DistillConfig):
        return ""
    try:
        table, said = beside_teacher(run), against_teacher(run)
    except SentiError as e:  # the teacher is gone
        return html.paragraphs([str(e)])
    rows = [
        [html.h(cell) for cell in (f"{who}: {r.run}", interval(r.test, r.test_low, r.test_high),
                                   count(r.total), size(r.bytes), milliseconds(r.ms))]
        for who, r in zip(("Teacher", "Student"), table.itertuples(), strict=True)
    ]  # fmt: skip
    return html.table(COLUMNS, rows, numbers=COLUMNS[1:]) + html.paragraphs(said)
