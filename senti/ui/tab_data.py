"""The reviews: how many, how long, which words tell, and each of them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd
from gradio.events import api

from senti import corpus as facts
from senti import plots
from senti.corpus import Corpus
from senti.encoder import Backbone
from senti.numbers import count, percent
from senti.ui import html
from senti.ui.choice import Choice, Source, chosen_model, chosen_source, read
from senti.ui.header import dataset_title
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, figure, friendly, page, pickable

ROWS = 25
ALL = "all"
SPLITS = {"train": "training", "validation": "validation", "test": "test"}
MAX_LENGTH, COUNTED = 128, 4000  # tokens after which the methods cut; reviews that are enough to tell the share
COLUMNS = ["#", "Review", "Label", "Words"]
LENGTHS = Caption(
    "How long are the reviews?",
    explanation="How many reviews (up) have how many words (across), one line per label. The last step holds all "
    "that are longer still.",
)
TELLING = Caption(
    "Which words tell?",
    "the longer the bar, the surer",
    "Words that stand much more often under one label than under the others in the training reviews: log-odds with a "
    "Dirichlet prior, in standard deviations.",
    "Monroe et al. 2008, Fightin’ Words",
    "https://doi.org/10.1093/pan/mpn018",
)


@dataclass(frozen=True)
class Picked:
    """Where the selected review goes: its text and the two buttons that send it on; and the button to the switch."""

    text: gr.State
    look: gr.Button
    compare: gr.Button
    other: gr.Button


def data_page(dataset: str = "auto", split: str = ALL, label: str = ALL, query: str = "", page: int = 1) -> dict:
    """One page of the reviews that match: rows (split, number, text, label, words), matches, page, pages."""
    return _page(Choice(dataset), split, label, query, page)


@friendly
def show_facts(choice: Choice) -> tuple[Any, ...]:
    """Lead, tiles with notes, both figures, the label filter, and whether the reviews are still to be fetched."""
    source = chosen_source(choice)
    if not source.is_here:
        lead = f"{dataset_title(source.name)} is not on this machine yet. It comes from the Hugging Face Hub, once."
        return html.lead(lead), "", None, None, gr.Dropdown(), gr.Button(visible=True)
    return fetch_facts(choice)


@friendly
def fetch_facts(choice: Choice) -> tuple[Any, ...]:
    """As `show_facts`, and downloads what is not here."""
    source = chosen_source(choice)
    labels = gr.Dropdown([("all labels", ALL), *read(source).labels], value=ALL)
    return *_facts(source), labels, gr.Button(visible=False)


@friendly
def show_cut(choice: Choice) -> Any:
    """The tiles again, now with the share of reviews that the model would cut: that needs its tokenizer."""
    source = chosen_source(choice)
    return _numbers(read(source), percent(_cut(source, chosen_model(choice)))) if source.is_here else gr.skip()


@friendly
def show_page(choice: Choice, split: str, label: str, query: str, number: int) -> tuple[str, str, int]:
    """The table, the line between the pager's buttons, and the page that is really shown."""
    if not chosen_source(choice).is_here:
        return "", "", 1
    found, labels = _page(choice, split, label, query, number), read(chosen_source(choice)).labels
    if not found["rows"]:
        return html.empty_state("No review matches. Search for less, or choose all splits and labels."), "", 1
    rows = [
        [f"{row['number']:,}", html.h(row["text"]), html.label_mark(row["label"], labels), f"{row['words']:,}"]
        for row in found["rows"]
    ]
    start = (found["page"] - 1) * ROWS
    line = f"{start + 1:,} to {start + len(rows):,} of {found['matches']:,}"
    table = html.table(COLUMNS, rows, numbers=("#", "Words"), wide="Review", pickable="select review")
    return table, f'<div class="s-pager">{line}</div>', found["page"]


def search(choice: Choice, split: str, label: str, query: str) -> tuple[str, str, int]:
    """The first page of what matches."""
    return show_page(choice, split, label, query, 1)


@friendly
def pick(choice: Choice, split: str, label: str, query: str, number: int, event: gr.EventData) -> tuple[str, str, Any]:
    """The selected review, and the bar that tells which."""
    rows = _page(choice, split, label, query, number)["rows"]
    text = rows[int(event.pick)]["text"]
    short = text if len(text) <= 110 else text[:107].rsplit(" ", 1)[0] + " …"
    return text, f"<p>Selected: <b>{html.h(short)}</b></p>", gr.Row(visible=True)


def before(number: int) -> int:
    """The page before."""
    return max(1, number - 1)


def after(number: int) -> int:
    """The page after; beyond the last, the last is shown."""
    return number + 1


def _page(choice: Choice, split: str, label: str, query: str, number: int) -> dict:
    rows = _rows(chosen_source(choice))
    if split != ALL:
        rows = rows[rows["split"] == split]
    if label != ALL:
        rows = rows[rows["label"] == label]
    if query.strip():
        rows = rows[rows["text"].str.contains(query.strip(), case=False, regex=False)]
    pages = max(1, -(-len(rows) // ROWS))
    number = min(max(1, int(number)), pages)
    shown = rows.iloc[(number - 1) * ROWS : number * ROWS]
    shown = shown.assign(words=[len(text.split()) for text in shown["text"]])
    return {"rows": shown.to_dict("records"), "matches": len(rows), "page": number, "pages": pages}


@lru_cache(maxsize=6)
def _rows(source: Source) -> pd.DataFrame:
    """All reviews: split, number within it (from 1), text, label (its name)."""
    corpus = read(source)
    return pd.concat([
        pd.DataFrame({"split": split, "number": range(1, len(frame) + 1), "text": frame["text"],
                      "label": [corpus.labels[i] for i in frame["label"]]})
        for split, frame in corpus.splits.items()
    ], ignore_index=True)  # fmt: skip


@lru_cache(maxsize=6)
def _facts(source: Source) -> tuple[str, str, str, str]:
    """Lead, tiles and both figures."""
    corpus = read(source)
    words = facts.telling_words(corpus, 10 if len(corpus.labels) < 3 else 5)
    histogram = plots.length_histogram(facts.lengths(corpus), corpus.labels)
    telling = plots.telling_words(words, corpus.labels)
    return html.lead(_lead(corpus)), _numbers(corpus), histogram.to_json(), telling.to_json()


@lru_cache(maxsize=6)
def _cut(source: Source, backbone: Backbone) -> float:
    """The share of training reviews longer than the methods read."""
    from senti.encoder import load_tokenizer

    await_models()
    texts = list(read(source).splits["train"]["text"][:COUNTED])
    return facts.truncation(facts.token_lengths(texts, load_tokenizer(backbone)), MAX_LENGTH)


def _lead(corpus: Corpus) -> str:
    total = sum(corpus.rows.values())
    return f"{total:,} reviews, each with its label: {', '.join(corpus.labels)}. Click one to take it apart."


def _numbers(corpus: Corpus, cut: str = "…") -> str:
    sizes = [(SPLITS.get(row.split, row.split), count(row.rows)) for row in facts.split_sizes(corpus).itertuples()]
    balance = facts.label_balance(corpus)
    train = balance[balance["split"] == "train"].sort_values("share").iloc[-1]
    middle = int(facts.lengths(corpus)["words"].median())
    others = [(f"{train['label']} in training", percent(train["share"])), ("median length", f"{middle} words"),
              (f"over {MAX_LENGTH} tokens", cut)]  # fmt: skip
    return html.tiles([*sizes, *others]) + html.notes(corpus.notices)


def build(app: gr.Blocks, root: Path, choice: gr.State) -> Picked:
    """The tab; returns where the selected review goes."""
    with gr.Tab("Data", id="data"):
        with gr.Row(elem_classes=["s-leads"]):
            lead = page(scale=1)
            other = gr.Button("Other reviews, or your own file", size="md", scale=0, min_width=260)
        fetch = gr.Button("Fetch the reviews", variant="primary", visible=False)
        tiles = page()
        with gr.Row():
            with gr.Column(scale=3, min_width=480):
                filters, table, number, pager = _table()
            with gr.Column(scale=2, min_width=380):
                histogram, words = figure(LENGTHS, height=270), figure(TELLING, height=356)
        with gr.Row(visible=False, elem_classes=["s-picked"]) as bar:
            picked = _picked(other)
        api(friendly(data_page), api_name="data_page", concurrency_limit=16)
    said, text, handles = picked
    overview = [lead, tiles, histogram, words, filters[1], fetch]
    shown = [table, pager[1], number]
    asked = [choice, *filters, number]
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 16}
    quiet = private | {"show_progress": "hidden", "trigger_mode": "always_last"}
    query = [choice, *filters]
    gr.on([app.load, choice.change], show_facts, choice, overview, **private).then(show_cut, choice, tiles, **quiet)
    gr.on([app.load, choice.change, *(part.change for part in filters)], search, query, shown, **quiet)
    fetched = fetch.click(fetch_facts, choice, overview, **private).success(search, query, shown, **quiet)
    fetched.then(show_cut, choice, tiles, **quiet)
    for button, turn in ((pager[0], before), (pager[2], after)):
        button.click(turn, number, number, **quiet).then(show_page, asked, shown, **quiet)
    table.click(pick, asked, [text, said, bar], **quiet)
    return handles


def _table() -> tuple[list[Any], gr.HTML, gr.State, tuple[gr.Button, gr.HTML, gr.Button]]:
    with gr.Row(elem_classes=["s-filters"]):
        query = gr.Textbox(label="Search the reviews", placeholder="a word or a phrase", scale=3, min_width=150)
        split = gr.Dropdown([("all splits", ALL), *((title, name) for name, title in SPLITS.items())], value="train",
                            label="Split", scale=2, min_width=130)  # fmt: skip
        label = gr.Dropdown([("all labels", ALL)], value=ALL, label="Label", scale=2, min_width=130)
    table, number = pickable(), gr.State(1)
    with gr.Row(elem_classes=["s-pages"]):
        back = gr.Button("‹ Previous", size="md", scale=0, min_width=120)
        line = page()
        forth = gr.Button("Next ›", size="md", scale=0, min_width=120)
    return [split, label, query], table, number, (back, line, forth)


def _picked(other: gr.Button) -> tuple[gr.HTML, gr.State, Picked]:
    said, text = page(scale=4), gr.State("")
    look = gr.Button("Look inside", variant="primary", size="md", scale=0, min_width=130)
    compare = gr.Button("Compare methods", size="md", scale=0, min_width=160)
    return said, text, Picked(text, look, compare, other)
