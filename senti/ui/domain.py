"""Reviews of another kind: what every run loses there, how many labelled ones repair it, and which words shift."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from senti.corpus import SOURCES
from senti.numbers import count
from senti.ui import domain_drop, domain_repair, domain_words, html
from senti.ui.choice import Choice, Source, chosen_source, read
from senti.ui.guard import most_uploaded
from senti.ui.header import dataset_title
from senti.ui.parts import QUIET, wire_parts
from senti.ui.widgets import friendly, page

LEAD = (
    "Choose another kind of review, such as those of products: what does each run lose there, and how many labelled "
    "ones repair it?"
)
START = Choice("bundled")  # needs no network, and is strange to the runs that come with senti


@friendly
def take(
    dataset: str, upload: str | None, text_column: str, label_column: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio is told
) -> Choice:  # fmt: skip
    """The other reviews, after they have been read. Raises BadData."""
    progress(0.3, "reading the reviews")
    choice = Choice(upload or dataset or START.dataset, text_column=text_column.strip() or None,
                    label_column=label_column.strip() or None)  # fmt: skip
    read(chosen_source(choice))
    return choice


@friendly
def tell(choice: Choice, other: Choice) -> str:
    """Which reviews are at home and which are the other ones, how many, with which labels."""
    home, there = (_in_words(chosen_source(each)) for each in (choice, other))
    return html.paragraphs([f"At home, chosen at the top of the page: {home}. The other kind: {there}."])


def _in_words(source: Source) -> str:
    if not source.is_here:
        return f"{dataset_title(source.name)}, not on this machine yet («Use these» fetches it)"
    corpus = read(source)
    n, labels = count(sum(corpus.rows.values())), ", ".join(corpus.labels[:6])
    return f"{dataset_title(corpus.name)}, {n} reviews ({labels})"


def build(root: Path, choice: gr.State, tab: gr.Tab) -> None:
    """The panel, in the open tab."""
    other = gr.State(START)
    page(html.paragraphs([LEAD]))
    fields, use = _fields()
    told = page()
    with gr.Tabs(elem_classes=["s-subtabs"]) as tabs:
        parts = [domain_drop.build(root, choice, other), domain_repair.build(choice, other),
                 domain_words.build(choice, other)]  # fmt: skip
    wire_parts(tabs, parts)(partial(gr.on, [tab.select, other.change, choice.change]))
    gr.on([tab.select, other.change, choice.change], tell, [choice, other], told, **QUIET)
    use.click(take, fields, other, show_progress_on=told, api_visibility="private", concurrency_limit=4)


def _fields() -> tuple[list[Any], gr.Button]:
    """What names the other reviews, and the button that takes them."""
    known = [(f"{dataset_title(name)}: {what}", name) for name, what in SOURCES.items() if name != "auto"]
    with gr.Row(elem_classes=["s-switch"]):
        with gr.Column(scale=3, min_width=320):
            dataset = gr.Dropdown(known, value=START.dataset, label="Other reviews", allow_custom_value=True,
                                  info="choose, or type a Hub id such as owner/name")  # fmt: skip
            with gr.Row():
                text_column = gr.Textbox(label="Text column", placeholder="found by name")
                label_column = gr.Textbox(label="Label column", placeholder="found by name")
        with gr.Column(scale=2, min_width=280):
            upload = gr.File(label=f"or a file of your own, up to {most_uploaded() / 1e6:g} MB", height=150)
            use = gr.Button("Use these", variant="primary", size="md", elem_classes=["s-right"])
    return [dataset, upload, text_column, label_column], use
