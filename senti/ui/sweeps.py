"""Sweeps: many runs of one method with other knobs, in a process of their own, watched while they go on."""

import shlex
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import gradio as gr

from senti.config import METHODS
from senti.errors import BadConfig, SentiError
from senti.experiment import prepare
from senti.limits import limits
from senti.methods import TITLES
from senti.runs import launch
from senti.studies.space import SWEPT, parse_space, sweepable
from senti.studies.storage import known_sweeps, place_of
from senti.studies.sweep import Sweep, announced, begin, mark_starting, reopen, stop_sweep
from senti.ui import html
from senti.ui.choice import Choice, chosen_source
from senti.ui.forms import with_choice
from senti.ui.known import current_visitor
from senti.ui.sweep_view import build_view, show_sweep
from senti.ui.widgets import bound, friendly, page

LEAD = "Which knobs give the most right answers? A sweep trains one run after another and learns where to look next."
WHY = (
    "A trial is a run, or several with other seeds, with knobs chosen from the ranges. At random is better than a grid "
    "where only some knobs matter (Bergstra & Bengio 2012); TPE tries what resembled the best trials so far. Training "
    "that after an epoch lies below the median of the earlier trials is pruned: stopped, to save time. Whichever is "
    "best was picked because its validation accuracy is high, partly by luck; the test reviews, which no trial is "
    "judged by, tell what it is worth: compare it under «Is it real?»."
)
SOURCE = ("Bergstra et al. 2011, Algorithms for Hyper-Parameter Optimization",
          "https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization")  # fmt: skip
FIRST_SPACE = {
    "svm": "C=1e-4..1:log\npooling=cls,mean,max",
    "tfidf": "C=0.01..10:log",
    "lora": "lr=1e-4..2e-3:log\nlora_rank=2..16\nlora_alpha=8,16,32,64",
    "finetune": "lr=1e-5..1e-4:log\nbatch_size=8,16,32\nwarmup=0..0.2",
}
REFUSED = (
    "A sweep trains many runs, and this page is shared: only the instructor may start or stop one here; "
    "the command below does it on a machine of your own."
)


def asked(choice: Choice, method: str, space: str, sampler: str, trials: float, seeds: float, prune: bool) -> Sweep:
    """The sweep that the form and the visitor's choice ask for, still without a name of its own. Raises SentiError."""
    config = with_choice(METHODS[method](), choice)
    lines = [word for line in space.splitlines() for word in line.split()]
    return Sweep(f"sweep-{method}", config, parse_space(config, lines), sampler, int(trials), int(seeds), prune)


def plan(root: Path, choice: Choice, method: str, *form: Any) -> str:
    """What the button would do and how long that takes, and as a command; or what is wrong with the form."""
    try:
        sweep = asked(choice, method, *form)
        here = chosen_source(choice).is_here
        said = list(announced(root, sweep, prepare(sweep.config), [])) if here else ["The reviews are fetched first."]
    except SentiError as e:
        return html.problem(str(e))
    knobs = f"Knobs of {TITLES[method]}: {', '.join(sweepable(sweep.config))}."
    return html.paragraphs([*said, knobs]) + html.folded("The same from a terminal", terminal(sweep))


def terminal(sweep: Sweep) -> str:
    """The command of a sweep, one flag per line."""
    words = [shlex.quote(word) for word in sweep.words]
    return " ".join(["python -m senti", *(f"\\\n  {word}" if word.startswith("--") else word for word in words)])


@friendly
def start(root: Path, choice: Choice, method: str, *form: Any) -> Any:
    """Begin a sweep in a process of its own; returns the list of sweeps, the new one shown. Raises SentiError."""
    check_may_sweep()
    sweep = asked(choice, method, *form)
    sweep = replace(sweep, name=f"{sweep.name}-{datetime.now():%m%d-%H%M%S}")
    return _launched(root, begin(root, sweep).sweep)


@friendly
def go_on(root: Path, name: str) -> Any:
    """Take a sweep that ended early up again. Raises SentiError."""
    check_may_sweep()
    return _launched(root, reopen(root, name)[0])


@friendly
def stop(root: Path, name: str) -> Any:
    """Ask a sweep to end; what its trials told stays. Raises SentiError."""
    check_may_sweep()
    stop_sweep(root, name)
    return gr.Button("Stopping", interactive=False)


def check_may_sweep() -> None:
    """Raises BadConfig on a shared page, except for the instructor."""
    if limits().shared and not current_visitor().instructor:
        raise BadConfig(REFUSED)


def _launched(root: Path, sweep: Sweep) -> Any:
    mark_starting(root, sweep.name)
    launch([*sweep.words, "--output-dir", str(root.resolve())], place_of(root, sweep.name, ".txt"))
    return gr.Dropdown(known_sweeps(root), value=sweep.name, visible=True)


def sweeps_there(root: Path, name: str) -> Any:
    """The list of sweeps, newest first; the shown one stays."""
    names = known_sweeps(root)
    return gr.Dropdown(names, value=name if name in names else (names[0] if names else None), visible=bool(names))


def build(root: Path, choice: gr.State, tab: gr.Tab) -> None:
    """The panel: the form left; status, table and figures of the chosen sweep right."""
    page(html.paragraphs([LEAD]))
    with gr.Row():
        with gr.Column(scale=0, min_width=340, elem_classes=["s-left"]):
            form = _form()
            go = gr.Button("Start the sweep", variant="primary")
            planned = page()
        with gr.Column(scale=1, min_width=480):
            name = gr.Dropdown([], label="Sweep", visible=False)
            view = build_view()
    page(html.what(WHY, *SOURCE))
    quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden", "concurrency_limit": 8}
    method, space, *_ = form
    method.input(lambda method: FIRST_SPACE[method], method, space, **quiet)
    gr.on([tab.select, choice.change, *(widget.change for widget in form)], bound(plan, root), [choice, *form], planned,
          trigger_mode="always_last", **quiet)  # fmt: skip
    go.click(
        bound(start, root), [choice, *form], name, **quiet | {"show_progress": "minimal"}, show_progress_on=planned
    )
    look: dict[str, Any] = {"fn": bound(show_sweep, root), "inputs": [name, view.seen], "outputs": view.outputs}
    tab.select(bound(sweeps_there, root), name, name, **quiet).then(**look, **quiet)
    name.change(**look, **quiet)
    view.timer.tick(**look, trigger_mode="once", queue=False, **quiet)
    view.stop.click(bound(stop, root), name, view.stop, **quiet)
    view.resume.click(bound(go_on, root), name, name, **quiet).then(**look, **quiet)


def _form() -> list[Any]:
    """The widgets, in the order in which `asked` takes them."""
    with gr.Group():
        return [
            gr.Dropdown([(TITLES[m], m) for m in ("svm", *(m for m in SWEPT if m != "svm"))], value="svm",
                        label="Method"),
            gr.Textbox(FIRST_SPACE["svm"], lines=4, elem_classes=["s-words"], label="Knobs and what they may be",
                       info="one a line: C=0.01,0.1,1 or lr=1e-5..1e-3:log, in equal steps of the logarithm"),
            gr.Radio([(words, way) for way, words in (("tpe", "TPE"), ("random", "random"), ("grid", "grid"))],
                     value="tpe", label="Who chooses"),
            gr.Slider(2, 100, 20, step=1, label="Trials"),
            gr.Slider(1, 5, 1, step=1, label="Runs per trial", info="with seeds 0, 1, ...; their mean counts"),
            gr.Checkbox(True, label="Prune what falls behind", info="only methods that train in epochs"),
        ]  # fmt: skip
