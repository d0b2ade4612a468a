"""The slices of the Data tab: kinds of reviews, how many, and how well each run does on them."""

from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti.corpus import combined, slices
from senti.corpus.slices import HINTS
from senti.evaluation import runs_on, slice_scores
from senti.evaluation.table import run_title
from senti.numbers import percent
from senti.runs import Run
from senti.ui import html, recipe, recipes, reviews
from senti.ui.choice import Choice, chosen_source, read
from senti.ui.selection import Selection
from senti.ui.widgets import bound, friendly, page, pickable

MOST_RUNS = 3
LEAD = "Where is a method weak? Click a slice to read its reviews; choose several to combine them."
WHY = (
    "Accuracy with its 95 % Wilson interval on the reviews of a slice. A small slice has a wide interval: two "
    "runs whose intervals overlap much are not told apart by it. Rare words are words that stand in no other "
    "training review."
)
BOTH = "combined"


@friendly
def show(root: Path, choice: Choice, names: list[str], split: str) -> tuple[str, Any]:
    """The table of slices, and the slices to choose from."""
    source = chosen_source(choice)
    if not source.is_here:
        return html.empty_state("Fetch the reviews first."), gr.skip()
    masks, runs = _masks(choice, split), _one_each(runs_on(root, read(source)))
    known = [name for name in names or [] if name in masks]
    if len(known) > 1:
        masks.insert(0, BOTH, combined(masks, known))
    choices = [(f"{name} ({int(masks[name].sum()):,})", name) for name in masks if name != BOTH]
    return _table(masks, known, runs, split), gr.Dropdown(choices, value=known, multiselect=True)


def _masks(choice: Choice, split: str) -> pd.DataFrame:
    """Booleans per slice of one split's reviews, indexed by place."""
    rows = reviews.rows_of(chosen_source(choice))
    return slices(rows)[rows["split"] == split].copy()


def _one_each(runs: list[Run]) -> list[Run]:
    """The newest run of each title, the transformers last and first to stay."""
    first = {run_title(run.config): run for run in reversed(runs)}
    rank = {name: i for i, name in enumerate(("finetune", "lora", "distill", "ensemble", "svm", "tfidf", "majority"))}
    return sorted(first.values(), key=lambda run: rank.get(run.facts["method"], 9))[:MOST_RUNS]


def _table(masks: pd.DataFrame, known: list[str], runs: list[Run], split: str) -> str:
    scores = slice_scores(masks, runs, split)
    titles = [run_title(run.config) for run in runs]
    cells = [[_name(name, known), f"{int(masks[name].sum()):,}", *_accuracies(scores, name)]
             for name in masks if masks[name].any()]  # fmt: skip
    columns = ["Slice", "Reviews", *titles]
    table = html.table(columns, cells, numbers=("Reviews", *titles), wide="Slice", pickable="show the reviews of",
                       picks=[name for name in masks if masks[name].any()])  # fmt: skip
    notes = [] if runs else ["No finished run on these reviews yet: sizes alone."]
    return table + html.notes(notes) + html.what(WHY)


def _name(name: str, known: list[str]) -> str:
    shown = " and ".join(known) if name == BOTH else name
    hint = HINTS.get(name, "")
    strong = f"<b>{html.h(shown)}</b>" if name == BOTH or not hint else html.h(shown)
    return f'<span title="{html.h(hint)}">{strong}</span>' if hint else strong


def _accuracies(scores: pd.DataFrame, name: str) -> list[str]:
    if scores.empty:
        return []
    mine = scores[scores["slice"] == name].itertuples()
    return [f"{percent(r.accuracy)}<br><small>± {(r.high - r.low) * 50:.1f}</small>" for r in mine]


@friendly
def take(choice: Choice, names: list[str], split: str, event: gr.EventData) -> tuple[Any, ...]:
    """The reviews of the clicked slice as the selection."""
    masks, name = _masks(choice, split), str(event.pick)
    chosen = list(names) if name == BOTH else [name]
    places = tuple(int(place) for place in masks.index[combined(masks, chosen)])
    return reviews.select(Selection(f"{' and '.join(chosen)}, {reviews.SPLITS[split]}", places))


def build(root: Path, choice: gr.State, tab: gr.Tab, table: reviews.Table) -> None:
    """The panel, in the open tab."""
    page(html.paragraphs([LEAD]))
    with gr.Row():
        names = gr.Dropdown([], value=[], multiselect=True, label="Combine slices", scale=2, min_width=200)
        split = gr.Dropdown([("test", "test"), ("validation", "validation")], value="test", label="Split",
                            scale=1, min_width=120)  # fmt: skip
    shown = pickable()
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 8, "show_progress": "hidden",
                               "trigger_mode": "always_last"}  # fmt: skip
    asked = [choice, names, split]
    gr.on([tab.select, choice.change, names.input, split.input], bound(show, root), asked, [shown, names], **private)
    shown.click(take, asked, [table.selection, *table.filters], **private)
    recipe.place(bound(recipes.slices, root), [*asked])
