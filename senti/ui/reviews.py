"""The table of the Data tab: the reviews that match, or those that were selected, page by page."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from senti.corpus import all_rows
from senti.encoder import Backbone, count_tokens, load_tokenizer
from senti.signs import scrub
from senti.ui import html
from senti.ui.choice import Choice, Source, chosen_source, read
from senti.ui.selection import Selection
from senti.ui.warm import await_models
from senti.ui.widgets import friendly, page, pickable

ROWS, COUNTED = 25, 4000
ALL = "all"
SPLITS = {"train": "training", "validation": "validation", "test": "test"}


@dataclass(frozen=True)
class Table:
    """The parts of the table: what is selected and the row that says so, the filters, the card, the pager."""

    selection: gr.State
    chosen: gr.Row
    selected: gr.HTML
    clear: gr.Button
    filters: list[Any]  # query, split, label
    card: gr.HTML
    number: gr.State
    pager: tuple[gr.Button, gr.HTML, gr.Button]


@lru_cache(maxsize=6)
def tokens_of(source: Source, backbone: Backbone) -> np.ndarray:
    """How many tokens each training review has for a model, of the first COUNTED, which are enough to tell a share."""
    await_models()
    return count_tokens(load_tokenizer(backbone), list(read(source).splits["train"]["text"][:COUNTED]))


@lru_cache(maxsize=6)
def rows_of(source: Source) -> pd.DataFrame:
    """All reviews, as `all_rows`."""
    return all_rows(read(source))


def matching(
    choice: Choice, selection: Selection | None, query: str, split: str, label: str, number: int
) -> dict[str, Any]:
    """One page of the reviews that match: rows (split, number, text, label, words, why), matches, page, pages."""
    rows = rows_of(chosen_source(choice))[["split", "number", "text", "label"]]
    if selection:
        rows = rows.iloc[list(selection.places)].assign(why=selection.why or "")
    if split != ALL:
        rows = rows[rows["split"] == split]
    if label != ALL:
        rows = rows[rows["label"] == label]
    if query := scrub(query).strip():
        rows = rows[rows["text"].str.contains(query, case=False, regex=False)]
    pages = max(1, -(-len(rows) // ROWS))
    number = min(max(1, int(number)), pages)
    shown = rows.iloc[(number - 1) * ROWS : number * ROWS]
    shown = shown.assign(words=[len(text.split()) for text in shown["text"]])
    return {"rows": shown.to_dict("records"), "matches": len(rows), "page": number, "pages": pages}


@friendly
def show_page(
    choice: Choice, selection: Selection | None, query: str, split: str, label: str, number: int
) -> tuple[str, str, int]:
    """The table, the line between the pager's buttons, and the page that is really shown."""
    if not chosen_source(choice).is_here:
        return "", "", 1
    found, labels = matching(choice, selection, query, split, label, number), read(chosen_source(choice)).labels
    if not found["rows"]:
        return html.empty_state("No review matches. Search for less, or choose all splits and labels."), "", 1
    why = bool(selection and selection.why)
    rows = [
        [_name(row, split), html.h(row["text"]), html.label_mark(row["label"], labels),
         html.h(row["why"]) if why else f"{row['words']:,}"]
        for row in found["rows"]
    ]  # fmt: skip
    start = (found["page"] - 1) * ROWS
    line = f"{start + 1:,} to {start + len(rows):,} of {found['matches']:,}"
    columns = ["#", "Review", "Label", "Why" if why else "Words"]
    table = html.table(columns, rows, numbers=("#", "Words"), wide="Review", folds="Why", pickable="select review")
    return table, f'<div class="s-pager">{line}</div>', found["page"]


def search(choice: Choice, selection: Selection | None, query: str, split: str, label: str) -> tuple[str, str, int]:
    """The first page of what matches."""
    return show_page(choice, selection, query, split, label, 1)


@friendly
def pick(
    choice: Choice, selection: Selection | None, query: str, split: str, label: str, number: int, event: gr.EventData
) -> tuple[str, str, Any]:
    """The picked review, and the bar that tells which."""
    text = matching(choice, selection, query, split, label, number)["rows"][int(event.pick)]["text"]
    return picked(text)


def picked(text: str) -> tuple[str, str, Any]:
    """A review, the line that tells which it is, and its bar."""
    return text, f"<p>Selected: <b>{html.h(shortened(text, 110))}</b></p>", gr.Row(visible=True)


def shortened(text: str, most: int) -> str:
    """The beginning of a text, cut between words."""
    return text if len(text) <= most else text[: most - 3].rsplit(" ", 1)[0] + " …"


def select(selection: Selection | None) -> tuple[Selection | None, str, str, str]:
    """A new selection, and filters that hide none of it."""
    return selection, "", ALL, ALL


def show_selected(selection: Selection | None) -> tuple[str, Any]:
    """The line above the table that names the selection, and its row with the button that ends it."""
    if not selection:
        return "", gr.Row(visible=False)
    n = len(selection.places)
    line = f'<p class="s-text"><b>{html.h(selection.title)}</b>: {n:,} review{"" if n == 1 else "s"}</p>'
    return line, gr.Row(visible=True)


def before(number: int) -> int:
    """The page before."""
    return max(1, number - 1)


def after(number: int) -> int:
    """The page after; beyond the last, the last is shown."""
    return number + 1


def build_table() -> Table:
    """Filters, selection line, table and pager."""
    with gr.Row(elem_classes=["s-filters"]):
        query = gr.Textbox(label="Search the reviews", placeholder="a word or a phrase", scale=3, min_width=150)
        split = gr.Dropdown([("all splits", ALL), *((title, name) for name, title in SPLITS.items())], value="train",
                            label="Split", scale=2, min_width=130)  # fmt: skip
        label = gr.Dropdown([("all labels", ALL)], value=ALL, label="Label", scale=2, min_width=130)
    with gr.Row(visible=False, elem_classes=["s-selection"]) as chosen:
        selected = page(scale=1)
        clear = gr.Button("Show all reviews", size="md", scale=0, min_width=160)
    card, number = pickable(), gr.State(1)
    with gr.Row(elem_classes=["s-pages"]):
        back = gr.Button("‹ Previous", size="md", scale=0, min_width=120)
        line = page()
        forth = gr.Button("Next ›", size="md", scale=0, min_width=120)
    return Table(gr.State(None), chosen, selected, clear, [query, split, label], card, number, (back, line, forth))


def wire_table(table: Table, choice: gr.State, again: Any, quiet: dict[str, Any]) -> tuple[Any, Any, Any]:
    """Search, turn pages, end the selection. `again`: events after which the reviews are others.

    Returns the search with its inputs and outputs, for whoever has more such events.
    """
    query = [choice, table.selection, *table.filters]
    shown = [table.card, table.pager[1], table.number]
    gr.on([*again, table.selection.change, *(part.change for part in table.filters)], search, query, shown, **quiet)
    for button, turn in ((table.pager[0], before), (table.pager[2], after)):
        button.click(turn, table.number, table.number, **quiet).then(show_page, [*query, table.number], shown, **quiet)
    table.selection.change(show_selected, table.selection, [table.selected, table.chosen], **quiet)
    table.clear.click(lambda: None, None, table.selection, **quiet)
    return search, query, shown


def _name(row: dict[str, Any], split: str) -> str:
    return f"{row['number']:,}" if split != ALL else f"{SPLITS.get(row['split'], row['split'])} {row['number']:,}"
