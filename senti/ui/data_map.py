"""The map of the Data tab: the reviews as points, in the eyes of the backbone or of a run, layer by layer."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from senti import plots
from senti.encoder.layers import STATES
from senti.evaluation import BACKBONE, Projection, Reader, principal, readers, right_answers, runs_on
from senti.evaluation.table import run_title
from senti.runs import open_run
from senti.ui import html, recipe, recipes, reviews
from senti.ui.choice import Choice, Source, chosen_model, chosen_source, read
from senti.ui.selection import Selection
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, bound, figure, friendly, page

DRAWN = 3000  # points that a browser moves without effort
POOLINGS = [("mean", "mean"), ("[CLS]", "cls")]
SPLITS = [("validation", "validation"), ("test", "test"), ("training", "train")]
MAP = Caption(
    "A map of the reviews",
    "click one, or draw round some; scroll to zoom",
    "Each point is a review: its vector in the chosen layer, seen along the two directions in which the vectors differ "
    "most (principal components). Before fine-tuning these directions are about topics; a run that learned the labels "
    "turns them towards the labels. Two axes show only a part of the whole, so groups can overlap here and yet be told "
    "apart by a classifier.",
    "Pearson 1901",
    "https://doi.org/10.1080/14786440109462720",
)
RIGHT, WRONG = "#a3adbd", plots.ACCENT


@friendly
def draw(
    root: Path, choice: Choice, name: str, layer: int, pooling: str, split: str, color: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio is told
) -> tuple[str | None, Any, str]:  # fmt: skip
    """The figure, the layer's slider with the model's bounds, and what is left out."""
    source = chosen_source(choice)
    if not source.is_here:
        return None, gr.skip(), html.notes(["Fetch the reviews first."])
    await_models()
    reader = next((r for r in readers(root, chosen_model(choice)) if r.name == name), None)
    reader = reader or Reader(BACKBONE, chosen_model(choice))
    states = states_of(reader, source, split, progress)
    layer = min(int(layer), len(states) - 1)
    found = _projected(reader, reader.checksum, source, split, layer, pooling)
    points, colors = _colored(root, source, split, color)
    points = points.assign(x=found.points[:, 0], y=found.points[:, 1])
    shown = points if len(points) <= DRAWN else points.sample(DRAWN, random_state=0)
    notes = [f"{DRAWN:,} of {len(points):,} reviews are drawn."] if len(shown) < len(points) else []
    drawn = plots.review_map(shown, colors, found.shares).to_json()
    return drawn, gr.Slider(maximum=len(states) - 1, value=layer), html.notes(notes)


def states_of(reader: Reader, source: Source, split: str, progress: gr.Progress) -> np.ndarray:
    """All layers' vectors of a split, from disk or computed with progress."""
    texts = list(read(source).splits[split]["text"])
    return reader.layers(texts, on_progress=lambda done, total: progress((done, total), unit="reviews"))


@lru_cache(maxsize=32)
def _projected(reader: Reader, checksum: str, source: Source, split: str, layer: int, pooling: str) -> Projection:
    states = reader.layers(list(read(source).splits[split]["text"]))
    return principal(np.asarray(states[layer, STATES.index(pooling)], dtype=np.float32))


def _colored(root: Path, source: Source, split: str, color: str) -> tuple[pd.DataFrame, dict[str, str]]:
    """Rows of a split with place, about, and group or value; and the colour of each group."""
    corpus, rows = read(source), reviews.rows_of(source)
    rows = rows[rows["split"] == split].assign(place=lambda frame: frame.index).reset_index(drop=True)
    rows = rows.assign(about=rows["label"])
    if color == "words":
        words = rows["text"].str.split().str.len()
        return rows.assign(value=words, about=[f"{n} words" for n in words]), {}
    if color == "stars" and "stars" in rows:
        names = [f"{n} stars" for n in rows["stars"]]
        order = [f"{n} stars" for n in sorted(rows["stars"].unique())]
        return rows.assign(group=names, about=names), plots.label_colors(order)
    if color.startswith("run:") and split != "train":
        run = open_run(root, color.removeprefix("run:"))
        if run.status == "finished" and run.facts["data"]["checksum"] == corpus.checksum:
            right = np.where(right_answers(run, split), "right", "wrong")
            return rows.assign(group=right, about=rows["label"] + ", called " + right), {"right": RIGHT, "wrong": WRONG}
    return rows.assign(group=rows["label"]), plots.label_colors(corpus.labels)


@friendly
def offer(root: Path, choice: Choice, name: str, color: str) -> tuple[Any, Any]:
    """Whose eyes there are, and what can colour the points."""
    source = chosen_source(choice)
    names = [(reader.title if reader.run is None else f"{reader.title} · {reader.name}", reader.name)
             for reader in readers(root, chosen_model(choice))]  # fmt: skip
    colors = [("label", "label"), ("length", "words")]
    if source.is_here:
        corpus = read(source)
        colors += [("stars", "stars")] if "stars" in corpus.splits["train"] else []
        colors += [(f"right or wrong: {run_title(run.config)} · {run.name}", f"run:{run.name}")
                   for run in runs_on(root, corpus)]  # fmt: skip
    name = name if name in [each for _, each in names] else BACKBONE
    color = color if color in [each for _, each in colors] else "label"
    return gr.Dropdown(names, value=name), gr.Dropdown(colors, value=color)


@friendly
def take(choice: Choice, event: gr.EventData) -> tuple[Any, ...]:
    """The points that were clicked or drawn round, as the selection; a single one is picked at once."""
    places = tuple(int(place) for place in event.pick)
    chosen = reviews.select(Selection("From the map", places))
    text = reviews.rows_of(chosen_source(choice))["text"].iloc[places[0]]
    return *chosen, *(reviews.picked(text) if len(places) == 1 else (gr.skip(), gr.skip(), gr.skip()))


def build(root: Path, choice: gr.State, tab: gr.Tab, table: reviews.Table, bar: list[Any]) -> None:
    """The panel, in the open tab."""
    with gr.Row():
        name = gr.Dropdown([("backbone", BACKBONE)], value=BACKBONE, label="In the eyes of", min_width=200)
        color = gr.Dropdown([("label", "label")], value="label", label="Coloured by", min_width=160)
    with gr.Row():
        layer = gr.Slider(0, 6, value=6, step=1, label="Layer", min_width=140)
        pooling = gr.Dropdown(POOLINGS, value="mean", label="Vector", min_width=140)
        split = gr.Dropdown(SPLITS, value="validation", label="Split", min_width=120)
    shown, notes = figure(MAP, height=460), page()
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    asked = [choice, name, layer, pooling, split, color]
    drawing: dict[str, Any] = private | {"show_progress_on": shown, "trigger_mode": "always_last"}
    said = bound(draw, root), asked, [shown, layer, notes]
    fresh = gr.on([tab.select, choice.change], bound(offer, root), [choice, name, color], [name, color],
                  show_progress="hidden", trigger_mode="always_last", **private)  # fmt: skip
    fresh.then(*said, **drawing)
    gr.on([name.input, pooling.input, split.input, color.input, layer.release], *said, **drawing)
    shown.click(take, choice, [table.selection, *table.filters, *bar], show_progress="hidden", **private)
    recipe.place(bound(recipes.review_map, root), [choice, name, layer, pooling, split])
