"""Every trained method side by side: one text, the test reviews, a suite; which runs is asked once."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
from gradio.events import api

from senti.encoder import clean_text
from senti.evaluation import compare, finished_runs, results_table, seed_groups
from senti.ui import (
    batch,
    behaviour,
    cost,
    differ,
    differences,
    html,
    one_text,
    quickstart,
    recipe,
    recipes,
    split,
    verdicts,
)
from senti.ui.chosen import chosen
from senti.ui.ensemble import build_ensemble
from senti.ui.header import dataset_title
from senti.ui.known import current_visitor, turnstile
from senti.ui.link import linked_runs
from senti.ui.one_text import Comparison
from senti.ui.parts import QUIET, wire_parts
from senti.ui.take_away import brought_back
from senti.ui.warm import await_models
from senti.ui.widgets import bound, page, public

LEAD = "One sentence through every trained method, side by side: what they say, how sure they are, how long they take."
MOST_RUNS = 6  # cards that fit a page


def predict(root: Path, text: str, runs: list[str] | None = None) -> list[dict]:
    """A text through the named runs, or through every finished one: run, title, method, label, probabilities."""
    turnstile().enter(current_visitor())
    await_models()
    rows = compare(root, [clean_text(text)], runs or [])
    return rows.drop(columns="text").to_dict("records")


def results(root: Path) -> list[dict]:
    """Every finished run with its scores, parameters, times; `data` tells which may be ranked together."""
    return results_table(root).to_dict("records")


def refresh(root: Path, runs: list[str], request: gr.Request | None = None) -> tuple[Any, str, Any]:
    """The runs to choose from, the results table, and the quickstart's offer until someone took it.

    A page that opens with a link shows the link's runs.
    """
    rows = results_table(root)
    choices = [(f"{row.title} · {dataset_title(row.dataset)} · {row.run}", row.run) for row in rows.itertuples()]
    names = [run.name for run in chosen(root, runs) or chosen(root, linked_runs(request))] or _default(rows)
    board = verdicts.results(rows, seed_groups(finished_runs(root))) if len(rows) else html.empty_state(one_text.EMPTY)
    own = rows["dataset"].eq("bundled").any()
    return gr.Dropdown(choices, value=names, multiselect=True), board, gr.Row(visible=not own)


def admit(root: Path, runs: list[str], new: str) -> tuple[Any, ...]:
    """The same, with new runs, joined by commas, among the chosen ones."""
    names = new.split(",")
    others = [name for name in runs if name not in names]
    return refresh(root, [*others[: MOST_RUNS - len(names)], *names])


def _default(rows: pd.DataFrame) -> list[str]:
    """The best run of each method on the reviews that most runs share."""
    if rows.empty:
        return []
    group = rows[rows["data"] == rows.groupby("data", sort=False).size().idxmax()]
    best = group.sort_values("validation", ascending=False).drop_duplicates("title")
    return list(rows[rows["run"].isin(best["run"])]["run"])[:MOST_RUNS]


def build(root: Path) -> tuple[Comparison, gr.Tabs]:
    """The tab; returns what another tab needs to send a text here, and its panels."""
    with gr.Tab("Compare", id="compare") as tab:
        page(html.lead(LEAD))
        with gr.Accordion("Which runs", open=False):
            runs = gr.Dropdown([], value=[], multiselect=True, label="Runs", max_choices=MOST_RUNS)
        with gr.Tabs() as panels:
            with gr.Tab("One text", id="one") as opened:
                one, comparison = one_text.build(root, opened, runs)
                offered, trained = quickstart.build(root)
            with gr.Tab("Results", id="results") as opened:
                board = page()
                costs = cost.build(root, opened, runs)
                upload = gr.UploadButton("Bring a run back (its zip file)", size="md", min_width=240)
                back = gr.Textbox(visible="hidden", label="run that came back")
                recipe.place(partial(recipes.results, root), [])
            with gr.Tab("Whole split", id="split") as opened:
                whole = split.build(root, opened, runs)
            with gr.Tab("Where they differ", id="differ") as opened:
                apart, picked, send = differ.build(root, opened, runs)
            with gr.Tab("Is it real?", id="real") as opened:
                real = differences.build(root, opened, runs)
            with gr.Tab("Behaviour", id="behaviour") as opened:
                tested = behaviour.build(root, opened, runs)
            with gr.Tab("A file", id="file"):
                batch.build(root, runs)
            with gr.Tab("Ensemble", id="ensemble") as opened:
                planned, joined = build_ensemble(root, opened, runs)
        again = wire_parts(panels, [one, costs, whole, apart, real, tested, planned])
        api(public(bound(predict, root)), api_name="predict", concurrency_id="predict", concurrency_limit=2)
        api(public(bound(results, root)), api_name="results", concurrency_limit=8)
    fresh: tuple[Any, ...] = (bound(refresh, root), runs, [runs, board, offered])
    again(tab.select(*fresh, **QUIET).then)
    again(runs.input)
    upload.upload(bound(brought_back, root), upload, back, api_visibility="private", concurrency_limit=1)
    for new in (back, joined, trained):
        again(new.change(bound(admit, root), [runs, new], fresh[2], **QUIET).then)
    sent = send.click(lambda sentence: (sentence.text, gr.Tabs(selected="one")), picked, [comparison.text, panels],
                      **QUIET)  # fmt: skip
    sent.then(None, None, None, js="() => scrollTo({top: 0})")
    return comparison, panels
