"""One sentence through every trained method; what each is worth; where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
from gradio.events import api

from senti.encoder import clean_text
from senti.errors import SentiError
from senti.evaluation import compare, disagreements, results_table
from senti.evaluation.table import run_title
from senti.quickstart import CONFIGS
from senti.runs import list_runs
from senti.ui import html, verdicts
from senti.ui.header import dataset_title
from senti.ui.warm import await_models
from senti.ui.widgets import bound, friendly, page, pickable
from senti.ui.workbench import begin

LEAD = "One sentence through every trained method, side by side: what they say, how sure they are, how long they take."
EXAMPLES = [
    "a gorgeous but strangely empty film",
    "not a single dull minute",
    "the jokes are old and the plot is older",
    "i expected to hate it and left smiling",
    "it is, at least, mercifully short",
    "a small film with a huge heart",
]
EMPTY = "No trained model yet. Train all three on the bundled reviews; it takes about a minute."
OFFER = "Train an SVM, full fine-tuning and LoRA yourself, on the bundled reviews: three runs, about a minute, live."
MOST_RUNS = 6  # cards that fit a page


@dataclass(frozen=True)
class Comparison:
    """What another tab needs to send a text here: fill `text`, then call `say` with these parts."""

    text: gr.Textbox
    say: Any
    inputs: list[Any]
    outputs: list[Any]


def predict(root: Path, text: str, runs: list[str] | None = None) -> list[dict]:
    """A text through the named runs, or through every finished one: run, title, method, label, probabilities."""
    await_models()
    rows = compare(root, [clean_text(text)], runs or [])
    return rows.drop(columns="text").to_dict("records")


def results(root: Path) -> list[dict]:
    """Every finished run with its scores, parameters, times; `data` tells which may be ranked together."""
    return results_table(root).to_dict("records")


@friendly
def say(root: Path, text: str, runs: list[str]) -> str:
    """A card per run."""
    known = _known(root, runs)
    if not known:
        return html.empty_state(EMPTY)
    await_models()
    return verdicts.cards(compare(root, [clean_text(text)], known))


def refresh(root: Path, runs: list[str]) -> tuple[Any, str, Any]:
    """The runs to choose from, the results table, and the quickstart's offer until someone took it."""
    rows = results_table(root)
    choices = [(f"{row.title} · {dataset_title(row.dataset)} · {row.run}", row.run) for row in rows.itertuples()]
    chosen = _known(root, runs) or _default(rows)
    board = verdicts.results(rows) if len(rows) else ""
    own = rows["dataset"].eq("bundled").any()
    return gr.Dropdown(choices, value=chosen, multiselect=True), board, gr.Row(visible=not own)


@friendly
def differ(root: Path, runs: list[str]) -> tuple[str, list[str]]:
    """The test sentences on which the chosen runs differ, and their texts for the click."""
    rows = results_table(root).set_index("run")
    known = [run for run in _known(root, runs) if run in rows.index]
    if len(known) < 2:
        return html.empty_state("Choose at least two runs on the same reviews to see where they differ."), []
    group = rows.loc[known].groupby("data", sort=False).size().idxmax()
    same = [run for run in known if rows.loc[run, "data"] == group]
    if len(same) < 2:
        return html.empty_state("The chosen runs were tested on different reviews; choose two on the same."), []
    try:
        found = disagreements(root, same, n=30)
    except SentiError as e:
        return html.empty_state(str(e)), []
    titles = _distinct([rows.loc[run, "title"] for run in same])
    named = found.rename(columns=dict(zip(same, titles, strict=True)))
    labels = list_labels(root, same[0])
    return verdicts.disagreements(named, dict(zip(titles, titles, strict=True)), labels), list(found["text"])


def list_labels(root: Path, run: str) -> list[str]:
    """The names of a run's classes."""
    return next(r.facts["data"]["labels"] for r in list_runs(root) if r.name == run)


@friendly
def quickstart(root: Path) -> tuple[list[str], Any, str]:
    """Start the three runs; returns their names, the running timer, and a first line."""
    names = [begin(root, config).name for config in CONFIGS]
    return names, gr.Timer(active=True), html.paragraphs(["Three runs are starting."])


def watch(root: Path, names: list[str]) -> tuple[str, Any]:
    """A line per run of the quickstart, and the timer until all have ended."""
    runs = [run for run in list_runs(root) if run.name in names][::-1]
    ended = all(run.status not in ("queued", "running") for run in runs)
    return html.paragraphs([_line(run) for run in runs]), gr.Timer(active=not ended)


def take_example(event: gr.EventData) -> str:
    """The example that was clicked."""
    return EXAMPLES[int(event.pick)]


def take_sentence(texts: list[str], event: gr.EventData) -> str:
    """The test sentence that was clicked."""
    return texts[int(event.pick)]


def _line(run: Any) -> str:
    events = run.events()
    far = f", step {int(events['step'].iloc[-1]):,} of {int(events['total_steps'].iloc[-1]):,}" if len(events) else ""
    why = f": {run.error['message']}" if run.error else ""
    return f"{run_title(run.config)}: {run.status}{far if run.status == 'running' else ''}{why}"


def _known(root: Path, runs: Sequence[str] | None) -> list[str]:
    """Those of the named runs that are still there and finished."""
    finished = {run.name for run in list_runs(root) if run.status == "finished"}
    return [name for name in runs or [] if name in finished]


def _default(rows: pd.DataFrame) -> list[str]:
    """The best run of each method on the reviews that most runs share."""
    if rows.empty:
        return []
    group = rows[rows["data"] == rows.groupby("data", sort=False).size().idxmax()]
    best = group.sort_values("validation", ascending=False).drop_duplicates("title")
    return list(rows[rows["run"].isin(best["run"])]["run"])[:MOST_RUNS]


def _distinct(titles: list[str]) -> list[str]:
    """Titles with a number behind those that occur before."""
    return [t if t not in titles[:i] else f"{t} ({titles[: i + 1].count(t)})" for i, t in enumerate(titles)]


def build(app: gr.Blocks, root: Path, choice: gr.State) -> Comparison:
    """The tab; returns what another tab needs to send a text here."""
    with gr.Tab("Compare", id="compare") as tab:
        page(html.lead(LEAD))
        text = gr.Textbox(EXAMPLES[0], label="A sentence to judge", submit_btn="Compare", max_lines=4)
        examples = pickable(html.buttons(EXAMPLES, "Try"))
        with gr.Accordion("Which runs", open=False):
            runs = gr.Dropdown([], value=[], multiselect=True, label="Runs", max_choices=MOST_RUNS)
        shown = page()
        with gr.Row(visible=False, elem_classes=["s-offer"]) as offer:
            page(html.paragraphs([OFFER]), scale=1)
            begin_all = gr.Button("Train all three", variant="primary", scale=0, min_width=200)
        progress, timer, started = page(), gr.Timer(1.0, active=False), gr.State([])
        board = page()
        with gr.Accordion("Test sentences on which these runs differ", open=False) as more:
            sentences, texts = pickable(), gr.State([])
        api(friendly(bound(predict, root)), api_name="predict", concurrency_id="predict", concurrency_limit=2)
        api(friendly(bound(results, root)), api_name="results", concurrency_limit=8)
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    quiet = private | {"show_progress": "hidden"}
    speak = partial(_judge, bound(say, root), [text, runs], shown)
    fresh: tuple[Any, ...] = (bound(refresh, root), runs, [runs, board, offer])
    speak(gr.on([app.load, tab.select], *fresh, **quiet).then)
    speak(text.submit)
    speak(examples.click(take_example, None, text, **quiet).then)
    speak(runs.input)
    gr.on([more.expand, runs.change], bound(differ, root), runs, [sentences, texts], **quiet)
    speak(sentences.click(take_sentence, texts, text, **quiet).then)
    begin_all.click(bound(quickstart, root), None, [started, timer, progress], **private)
    ticked = timer.tick(bound(watch, root), started, [progress, timer], queue=False, **quiet)
    ticked.then(*fresh, **quiet)
    return Comparison(text, bound(say, root), [text, runs], [shown])


def _judge(handler: Any, inputs: list[Any], output: Any, event: Any) -> Any:
    return event(handler, inputs, output, api_visibility="private", concurrency_id="predict", concurrency_limit=2)
