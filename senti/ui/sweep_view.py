"""One sweep as it goes on: where it stands, its trials best first, and three figures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.config import command_line
from senti.errors import UnknownRun
from senti.numbers import UNKNOWN, duration, interval
from senti.studies.outcome import best_config, best_first, best_run, importances, trial_table
from senti.studies.storage import known_sweeps, place_of
from senti.studies.sweep import Sweep, is_going, is_starting, reopen
from senti.ui import html
from senti.ui.forms import written
from senti.ui.widgets import Caption, figure, friendly, page

SECONDS = 2.0  # between two looks
NONE_YET = "No sweep yet. Press «Start the sweep»: with an SVM the first trials take seconds once the reviews are read."
HISTORY = Caption(
    "Does it still get better?",
    "right on validation, trial by trial; bars: 95 % interval; line: best so far",
    "Where the line has been flat for long, more trials will hardly help. Where the intervals of the best trials "
    "overlap, the order among them may be chance.",
)
LINES = Caption(
    "Which values go together?",
    "a line per finished trial, through its knobs to its accuracy; the bluest are the best",
    "Drag along an axis to keep only the lines that pass there, click the axis to let go. If the best lines come from "
    "everywhere on an axis, that knob matters little; if they leave it at one end, try a range beyond that end.",
)
SHARES = Caption(
    "Which knob matters?",
    "of the differences in accuracy between trials, the share that is a knob's own doing",
    "A random forest learns accuracy from knobs; functional ANOVA divides the variance of what it predicts among them. "
    "Few trials tell little: read the order, not the digits. It holds for these ranges only.",
    "Hutter et al. 2014, An Efficient Approach for Assessing Hyperparameter Importance",
    "https://proceedings.mlr.press/v32/hutter14.html",
)


@dataclass(frozen=True)
class View:
    """The parts of the page that show a sweep; `seen` is the session's memory of what was shown last."""

    seen: gr.State
    timer: gr.Timer
    stop: gr.Button
    resume: gr.Button
    outputs: list[Any]


def build_view() -> View:
    """Place status with its buttons, the table and the figures."""
    seen, timer = gr.State(""), gr.Timer(SECONDS, active=False)
    with gr.Row(elem_classes=["s-status"]):
        status = page(scale=1)
        stop = gr.Button("Stop", variant="stop", size="md", scale=0, min_width=90, visible=False)
        resume = gr.Button("Go on", variant="primary", size="md", scale=0, min_width=90, visible=False)
    with gr.Column(visible=False) as drawn:
        figures = [figure(HISTORY, height=300), figure(LINES, height=340)]
        with gr.Column(visible=False) as shared:
            figures.append(figure(SHARES, height=220))
    rows = page()
    return View(seen, timer, stop, resume, [seen, timer, status, stop, resume, drawn, shared, *figures, rows])


@friendly
def show_sweep(root: Path, name: str | None, seen: str) -> tuple[Any, ...]:
    """Every part of the view, or nothing at all while there is no news."""
    if not name or name not in known_sweeps(root):
        return ("none", gr.Timer(active=False), html.empty_state(NONE_YET), *_buttons(False, False), *_hidden())
    try:
        sweep, study = reopen(root, name)
    except UnknownRun:  # its process has only made the file so far
        return ("", gr.Timer(active=True), html.empty_state("It is being made."), *_buttons(False, False), *_hidden())
    table, going = trial_table(sweep, study), is_going(root, name)
    active = going or is_starting(root, name)
    news = f"{name} {active} {going} {table.to_json()}"
    if news == seen:
        return tuple(gr.skip() for _ in range(11))
    done = int(table["state"].isin(["finished", "pruned", "failed"]).sum())
    shares = importances(study)
    buttons = _buttons(going, not active and done < sweep.total)
    says = _status(root, sweep, table, done, going, active)
    return (news, gr.Timer(active=active), says, *buttons, *_drawn(sweep, table, shares), _table(sweep, table, going))


def _buttons(stops: bool, goes_on: bool) -> tuple[Any, Any]:
    return (gr.Button("Stop", visible=stops, interactive=True), gr.Button("Go on", visible=goes_on, interactive=True))


def _hidden() -> tuple[Any, ...]:
    return gr.Column(visible=False), gr.Column(visible=False), None, None, None, ""


def _drawn(sweep: Sweep, table: pd.DataFrame, shares: dict[str, float]) -> tuple[Any, ...]:
    knobs = [axis.knob for axis in sweep.space]
    if table["accuracy"].notna().sum() < 2:
        return _hidden()[:-1]
    lines = plots.sweep_lines(table, knobs, [axis.knob for axis in sweep.space if axis.log])
    bars = plots.sweep_importances(shares).to_json() if len(shares) > 1 else None
    return (gr.Column(visible=True), gr.Column(visible=bars is not None),
            plots.sweep_history(table, knobs).to_json(), lines.to_json(), bars)  # fmt: skip


def _status(root: Path, sweep: Sweep, table: pd.DataFrame, done: int, going: bool, active: bool) -> str:
    """A card: how many trials are done, the best, a bar while it goes on, and the best one's command at the end."""
    state = "going on" if going else "starting" if active else "finished" if done >= sweep.total else "stopped"
    best = best_first(table).iloc[0] if len(table) else None
    right = interval(best["accuracy"], best["low"], best["high"]) if best is not None else UNKNOWN
    seconds = pd.to_numeric(table["seconds"]).mean()
    left = duration(seconds * (sweep.total - done)) if going else ""
    tiles = [("status", state), ("trials done", f"{done} of {sweep.total}"), ("best on validation", right),
             *([("left", left)] if left else [])]  # fmt: skip
    body = html.tiles(tiles)
    if active:
        body += html.progress(done / sweep.total, "progress of the sweep")
    elif done < sweep.total:
        body += html.paragraphs([_last_words(root, sweep.name)])
    config = best_config(sweep, table)
    if config is not None and not active:
        command = " ".join(["python -m senti", *command_line(config)])
        body += html.paragraphs([f"Best: the run {best_run(sweep, table)}. Picked on validation, so there it looks a "
                                 "little better than it is."]) + html.folded("The best once more", command)  # fmt: skip
    over = "; ".join(axis.text for axis in sweep.space)
    heading = f"<header><h3>{html.h(sweep.name)}</h3><p>{html.h(over)}</p></header>"
    return f'<section class="s-panel">{heading}{body}</section>'


def _last_words(root: Path, name: str) -> str:
    """Why the process of a sweep ended early, where it said so."""
    log = place_of(root, name, ".txt")
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].removeprefix("senti: ") if lines else ""


def _table(sweep: Sweep, table: pd.DataFrame, going: bool) -> str:
    """The trials, best first; those that ended early say how."""
    knobs = [axis.knob for axis in sweep.space]
    rows = [_row(row, knobs, going) for row in best_first(table).to_dict("records")]
    columns = ["trial", *knobs, "right on validation", "time", ""]
    return html.table(columns, rows, numbers=("trial", "right on validation", "time"), wide="") if rows else ""


def _row(row: dict[str, Any], knobs: list[str], going: bool) -> list[str]:
    right = interval(row["accuracy"], row["low"], row["high"]) if row["accuracy"] == row["accuracy"] else UNKNOWN
    says = {"finished": "", "running": "running" if going else "left behind"}.get(row["state"], row["state"])
    if not pd.isna(row["same_as"]):
        says = f"the same as trial {row['same_as']:.0f}"
    values = [UNKNOWN if row[knob] is None else written(row[knob]) for knob in knobs]
    cells = [str(row["number"]), *values, right, duration(row["seconds"]), f"{says} {row['why']}".strip()]
    return [html.h(cell) for cell in cells]
