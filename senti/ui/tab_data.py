"""The reviews: how many, how long, which words tell, and each of them."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from senti import corpus as facts
from senti import plots
from senti.config import EncoderConfig
from senti.corpus import Corpus
from senti.encoder import Backbone
from senti.numbers import count, percent
from senti.ui import data_map, data_problems, data_slices, html, recipe, recipes, reviews
from senti.ui.choice import Choice, Source, chosen_model, chosen_source, read
from senti.ui.header import dataset_title
from senti.ui.reviews import ALL, SPLITS
from senti.ui.widgets import Caption, figure, friendly, page, public

MAX_LENGTH = EncoderConfig().max_length
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
    """Where the selected reviews go: the picked one's text and the two buttons that send it on; all that are selected,
    and whose they are; and the button to the switch. panels and table: what a link to this tab holds."""

    choice: gr.State
    selection: gr.State
    text: gr.State
    look: gr.Button
    compare: gr.Button
    other: gr.Button
    panels: gr.Tabs
    table: reviews.Table


def data_page(dataset: str = "auto", split: str = ALL, label: str = ALL, query: str = "", page: int = 1) -> dict:
    """One page of the reviews that match: rows (split, number, text, label, words), matches, page, pages."""
    return reviews.matching(Choice(dataset), None, query, split, label, page)


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


@lru_cache(maxsize=6)
def _facts(source: Source) -> tuple[str, str, str, str]:
    """Lead, tiles and both figures."""
    corpus = read(source)
    words = facts.telling_words(corpus, 10 if len(corpus.labels) < 3 else 5)
    histogram = plots.length_histogram(facts.lengths(corpus), corpus.labels)
    telling = plots.telling_words(words, corpus.labels)
    return html.lead(_lead(corpus)), _numbers(corpus), histogram.to_json(), telling.to_json()


def _cut(source: Source, backbone: Backbone) -> float:
    """The share of training reviews longer than the methods read, unless told otherwise."""
    return facts.truncation(reviews.tokens_of(source, backbone), MAX_LENGTH)


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
    """The tab; returns where the selected reviews go."""
    with gr.Tab("Data", id="data"):
        with gr.Row(elem_classes=["s-leads"]):
            lead = page(scale=1)
            other = gr.Button("Other reviews, or your own file", size="md", scale=0, min_width=260)
        fetch = gr.Button("Fetch the reviews", variant="primary", visible=False)
        tiles = page()
        with gr.Row(visible=False, elem_classes=["s-picked"], render=False) as bar:
            said, text = page(scale=4), gr.State("")
            look = gr.Button("Look inside", variant="primary", size="md", scale=0, min_width=130)
            compare = gr.Button("Compare methods", size="md", scale=0, min_width=160)
        with gr.Row():
            with gr.Column(scale=3, min_width=480):
                table = reviews.build_table()
            with gr.Column(scale=2, min_width=400):
                histogram, words, panels = _panels(root, choice, table, [text, said, bar])
        bar.render()
        api(public(data_page), api_name="data_page", concurrency_limit=16)
    overview = [lead, tiles, histogram, words, table.filters[2], fetch]
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 16}
    quiet = private | {"show_progress": "hidden", "trigger_mode": "always_last"}
    known = gr.on([app.load, choice.change], show_facts, choice, overview, trigger_mode="always_last", **private)
    known.then(show_cut, choice, tiles, **quiet)
    fetched = fetch.click(fetch_facts, choice, overview, **private)
    fetched.then(show_cut, choice, tiles, **quiet)
    choice.change(lambda: None, None, table.selection, **quiet)
    again = reviews.wire_table(table, choice, [app.load, choice.change], quiet)
    fetched.success(*again, **quiet)
    asked = [choice, table.selection, *table.filters, table.number]
    table.card.click(reviews.pick, asked, [text, said, bar], **quiet)
    return Picked(choice, table.selection, text, look, compare, other, panels, table)


def _panels(root: Path, choice: gr.State, table: reviews.Table, bar: list[Any]) -> tuple[gr.HTML, gr.HTML, gr.Tabs]:
    """What stands beside the table; what is picked there, the table shows. Returns the overview's figures, the tabs."""
    with gr.Tabs() as panels:
        with gr.Tab("Overview", id="overview"):
            histogram, words = figure(LENGTHS, height=270), figure(TELLING, height=356)
            recipe.place(recipes.overview, [choice])
        with gr.Tab("Map", id="map") as tab:
            data_map.build(root, choice, tab, table, bar)
        with gr.Tab("Slices", id="slices") as tab:
            data_slices.build(root, choice, tab, table)
        with gr.Tab("Problems", id="problems"):
            data_problems.build(choice, table)
    return histogram, words, panels
