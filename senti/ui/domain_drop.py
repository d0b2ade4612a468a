"""What each run loses on reviews of another kind."""

from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.corpus import Corpus
from senti.errors import BadData, UnknownRun
from senti.evaluation import finished_runs
from senti.evaluation.table import run_title
from senti.evaluation.transfer import judged_on, known_transfer, transfer, transfer_notices
from senti.numbers import interval, percent
from senti.runs import Run
from senti.ui import domain_recipes, html, recipe
from senti.ui.choice import Choice, Source, chosen_source, read
from senti.ui.header import dataset_title
from senti.ui.known import current_visitor, turnstile
from senti.ui.measured import build_measured, filled, unfilled
from senti.ui.parts import Part
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, bound, friendly, page

LEAD = "How much of each run's accuracy is left on the other reviews?"
ABSENT = "Fetch the other reviews first: «Use these», above."
BUTTON = "Judge the runs there"
UNASKED = (
    f"Not all of these runs were asked yet. «{BUTTON}» has each of them read up to 2,000 of the other reviews: seconds "
    "per run."
)
NONE = (
    "No finished run learned from other reviews than {}, with the same labels. Choose other reviews above, or train a "
    "run on those at home."
)
MOST_RUNS = 6
COLUMNS = ["Run", "Learned from", "Own test", "Other reviews", "Points lost", "95 % interval", "In words"]
DROPS = Caption(
    "What is lost?",
    "hollow: right on the run's own test reviews; filled: right on the other reviews; bars: 95 % interval",
    "The two dots of a run come from different reviews, so the interval of the loss is that of two independent shares. "
    "A loss is real where its interval leaves out zero. The dotted line is the share of the most frequent label of the "
    "other reviews: who always says it gets that without reading. If the other reviews are easier or harder in "
    "themselves, that is part of the difference too.",
    "Newcombe 1998, Interval estimation for the difference between independent proportions, method 10",
    "https://pubmed.ncbi.nlm.nih.gov/9595617/",
)


@friendly
def show_drop(root: Path, choice: Choice, other: Choice, names: list[str]) -> tuple[Any, ...]:
    """The runs to choose from; the figure and its table where they were judged before, else what to press."""
    source = chosen_source(other)
    if not source.is_here:
        return gr.Dropdown([], value=[], multiselect=True), *unfilled(ABSENT), ""
    corpus = read(source)
    able = strangers(root, corpus)
    runs = picked(able, names, chosen_source(choice))
    offered = gr.Dropdown([(f"{run_title(r.config)} · {dataset_title(r.facts['data']['name'])} · {r.name}", r.name)
                           for r in able], value=[run.name for run in runs], multiselect=True)  # fmt: skip
    if not runs:
        return offered, *unfilled(NONE.format(dataset_title(corpus.name))), ""
    rows = known_transfer(runs, corpus)
    if rows is None:
        return offered, *unfilled(UNASKED, button=True), ""
    return offered, *_drawn(runs, corpus, rows)


@friendly
def measure_drop(
    root: Path, choice: Choice, other: Choice, names: list[str],
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio is told
) -> tuple[Any, ...]:  # fmt: skip
    """Ask the runs, then show what they lose."""
    source = chosen_source(other)
    if not source.is_here:
        return *unfilled(ABSENT), ""
    turnstile().enter(current_visitor())
    await_models()
    corpus = read(source)
    runs = picked(strangers(root, corpus), names, chosen_source(choice))
    if not runs:
        raise UnknownRun("No finished run knows the labels of these reviews; train one, or choose other reviews.")
    return _drawn(runs, corpus, transfer(runs, corpus, lambda share, what: progress(share, desc=what)))


def strangers(root: Path, corpus: Corpus) -> list[Run]:
    """The finished runs that can be judged on a corpus, newest first."""
    able = []
    for run in finished_runs(root):
        try:
            judged_on(run, corpus)
        except BadData:  # it learned from these, or has other labels
            continue
        able.append(run)
    return able


def picked(able: list[Run], names: list[str], home: Source) -> list[Run]:
    """Those of the named runs that are able; else the newest with each title, of those at home where there are any."""
    checksum = read(home).checksum if home.is_here else ""
    newest: dict[str, Run] = {}
    for run in [run for run in able if run.facts["data"]["checksum"] == checksum] or able:
        newest.setdefault(run_title(run.config), run)
    return ([run for run in able if run.name in (names or [])] or list(newest.values()))[:MOST_RUNS]


def _drawn(runs: list[Run], corpus: Corpus, rows: pd.DataFrame) -> tuple[Any, ...]:
    title = dataset_title(corpus.name)
    cells = [[f"<b>{html.h(r.title)}</b><br><small>{html.h(r.run)}</small>", html.h(dataset_title(r.data)),
              interval(r.own, r.own_low, r.own_high), interval(r.other, r.other_low, r.other_high),
              f"{100 * r.drop:.1f}", f"{100 * r.low:.1f} to {100 * r.high:.1f}", html.h(r.sentence)]
             for r in rows.itertuples()]  # fmt: skip
    table = html.table(COLUMNS, cells, numbers=COLUMNS[2:6], wide="In words")
    common = f"Who always says the most frequent label of {title} gets {percent(rows['common'].max())} right."
    shown = plots.drops(rows, title).to_json()
    return *filled(str(shown), common), table + html.notes(transfer_notices(runs, corpus))


def build(root: Path, choice: gr.State, other: gr.State) -> Part:
    """The sub-tab."""
    with gr.Tab("What is lost", id="lost") as tab:
        with gr.Accordion("Which runs", open=False):
            runs = gr.Dropdown([], value=[], multiselect=True, label="Runs", max_choices=MOST_RUNS)
        panel = build_measured(LEAD, BUTTON, DROPS, 300)
        table = page()
        recipe.place(bound(domain_recipes.transfer, root), [other, runs])
    part = Part(tab, bound(show_drop, root), [choice, other, runs], [runs, *panel.outputs, table])
    quiet: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4, "trigger_mode": "always_last"}
    runs.input(part.show, part.inputs, part.outputs, show_progress="hidden", **quiet)
    panel.button.click(bound(measure_drop, root), part.inputs, [*panel.outputs, table],
                       show_progress_on=panel.note, api_visibility="private", concurrency_limit=1)  # fmt: skip
    return part
