"""The problems of the Data tab: what looks wrong with the reviews, with its rows, to read and to take away."""

import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr

from senti.corpus import write_csv
from senti.encoder import Backbone, features
from senti.evaluation import KINDS, Problems, problems
from senti.ui import html, recipe, recipes, reviews
from senti.ui.choice import Choice, Source, chosen_model, chosen_source, read
from senti.ui.selection import Selection
from senti.ui.warm import await_models
from senti.ui.widgets import friendly, page, pickable

LEAD = "What looks wrong with these reviews? Every finding is a place to look, not a verdict."
EXPLAINED = {
    "label": "an SVM that has not seen the review is confident of another label; surest first",
    "twin": "half of the three-word runs of two reviews in one split, or more, are the same",
    "twin across splits": "the same, but one of the two is tested on: that flatters the score",
    "outlier": "far from its nearest reviews, as the backbone sees them",
    "cut": "longer than the 128 tokens that the methods read",
}
WHY = (
    "Label errors as in confident learning: out-of-fold probabilities of a linear SVM on the backbone's mean features; "
    "a review is flagged where another class reaches the confidence usual for that class. On sentences about films "
    "many of these are ironic or mixed, not wrong: read before you drop."
)
SOURCE = ("Northcutt et al. 2021, Confident learning", "https://doi.org/10.1613/jair.1.12125")


@friendly
def check(choice: Choice, progress: gr.Progress = gr.Progress()) -> tuple[str, Any]:  # noqa: B008 - how Gradio is told
    """A line per kind of problem, and the file of flagged rows."""
    source = chosen_source(choice)
    if not source.is_here:
        return html.empty_state("Fetch the reviews first."), gr.skip()
    await_models()
    backbone, texts = chosen_model(choice), list(reviews.rows_of(source)["text"])
    # the long part, kept on disk
    features(backbone, texts, pooling="mean", on_progress=lambda done, total: progress((done, total), unit="reviews"))
    found = _problems(source, backbone)
    counts = found.rows["problem"].value_counts()
    cells = [[f"<b>{html.h(title[0].upper() + title[1:])}</b><br>{html.h(EXPLAINED[kind])}", f"{counts.get(kind, 0):,}"]
             for kind, title in KINDS.items()]  # fmt: skip
    table = html.table(["Problem", "Reviews"], cells, numbers=("Reviews",), wide="Problem",
                       pickable="show the reviews with", picks=list(KINDS))  # fmt: skip
    path = Path(tempfile.mkdtemp()) / f"flagged-{read(source).name}.csv"
    write_csv(found.rows.drop(columns="place"), path)
    shown = table + html.notes(found.notices) + html.what(WHY, *SOURCE)
    return shown, gr.DownloadButton(value=str(path), visible=len(found.rows) > 0)


@lru_cache(maxsize=4)
def _problems(source: Source, backbone: Backbone) -> Problems:
    return problems(read(source), backbone)


@friendly
def take(choice: Choice, event: gr.EventData) -> tuple[Any, ...]:
    """The reviews with the clicked problem as the selection."""
    kind = str(event.pick)
    rows = _problems(chosen_source(choice), chosen_model(choice)).rows
    mine = rows[rows["problem"] == kind]
    if mine.empty:
        gr.Info(f"No {KINDS[kind]} here.")
        return gr.skip(), gr.skip(), gr.skip(), gr.skip()
    title = KINDS[kind][0].upper() + KINDS[kind][1:]
    return reviews.select(Selection(title, tuple(map(int, mine["place"])), tuple(mine["why"])))


def build(choice: gr.State, table: reviews.Table) -> None:
    """The panel, in the open tab."""
    page(html.paragraphs([LEAD]))
    with gr.Row():
        button = gr.Button("Check the reviews", variant="primary", size="md", min_width=160)
        file = gr.DownloadButton("Download flagged rows", visible=False, size="md", min_width=160)
    shown = pickable(html.empty_state(
        "Looks for likely label errors, near-duplicates, outliers and cut reviews. About a minute for 10,000 reviews "
        "the first time, at once afterwards."
    ))  # fmt: skip
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 2}
    button.click(check, choice, [shown, file], show_progress_on=shown, **private)
    choice.change(
        lambda: ("", gr.DownloadButton(visible=False)), None, [shown, file], show_progress="hidden", **private
    )
    shown.click(take, choice, [table.selection, *table.filters], show_progress="hidden", **private)
    recipe.place(recipes.problems, [choice])
