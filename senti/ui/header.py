"""The top of the page: what senti is, what is being looked at, and the switch to look at something else."""

import os
from pathlib import Path
from typing import Any

import gradio as gr

from senti.corpus import SOURCES, resolve_source
from senti.encoder import KNOWN
from senti.limits import limits
from senti.numbers import count
from senti.ui import html
from senti.ui.choice import Choice, chosen_model, chosen_source, read
from senti.ui.guard import most_uploaded
from senti.ui.widgets import friendly, page, pickable

NAMES = {"bundled": "Bundled", "rotten_tomatoes": "Rotten Tomatoes", "sst2": "SST-2", "imdb": "IMDb"}
AUTO = "auto: DistilBERT where it can be had, else MiniLM"
MODELS = [(AUTO, "auto"), *((title, name) for name, (_, title) in KNOWN.items())]
NAME = '<div class="s-head"><h1>senti</h1><span>how a transformer learns what people think of a film</span></div>'


def dataset_title(name: str) -> str:
    """A dataset's name for people."""
    return NAMES.get(name, name)


@friendly
def show_chips(choice: Choice) -> tuple[str, str]:
    """The chips of a choice, and the sentences that say why the defaults were chosen."""
    source, backbone, why = chosen_source(choice), chosen_model(choice), resolve_source(choice.dataset)[1]
    title, rows = dataset_title(source.name), "not on this machine yet"
    if source.is_here:
        corpus = read(source)
        title, rows = dataset_title(corpus.name), count(sum(corpus.rows.values()))
    chips = [("model", backbone.title or backbone.name, ""), ("reviews", title, rows), ("", "", device())]
    return html.chips(chips), html.notes([reason for reason in (why, backbone.why) if reason])


@friendly
def switch(
    dataset: str, upload: str | None, text_column: str, label_column: str, model: str,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio is told
) -> Choice:  # fmt: skip
    """The new choice, after its reviews have been read and its model found."""
    progress(0.2, "reading the reviews")
    text_column, label_column = text_column.strip(), label_column.strip()
    choice = Choice(upload or dataset or "auto", model or "auto", text_column or None, label_column or None)
    read(chosen_source(choice))
    progress(0.8, "looking for the model")
    chosen_model(choice)
    return choice


def flip(open_: bool) -> tuple[bool, Any]:
    """Open the switch, or close it."""
    return not open_, gr.Column(visible=not open_)


def close() -> tuple[bool, Any]:
    """Close the switch."""
    return False, gr.Column(visible=False)


def device() -> str:
    """What trains here, told without loading torch."""
    if Path("/dev/nvidiactl").exists():
        return "GPU"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return f"CPU, {cores} cores" if cores > 1 else "CPU, 1 core"


def build(app: gr.Blocks, choice: gr.State) -> tuple[gr.State, gr.Column, gr.Button]:
    """Name, chips and the folded switch; returns what opens it (whether it is open, and its panel), and «Copy link»."""
    opened = gr.State(False)
    with gr.Row(elem_classes=["s-top"]):
        page(NAME, min_width=420)
        chips = pickable()
        copy = gr.Button("Copy link", size="md", scale=0, min_width=100, elem_classes=["s-copy"])
    if limits().shared:
        page(html.notes(limits().sentences))
    with gr.Column(visible=False, elem_classes=["s-switch"]) as panel:
        why = page()
        with gr.Row():
            dataset = gr.Dropdown(
                [(f"{dataset_title(name)}: {what}", name) for name, what in SOURCES.items()], value="auto",
                label="Reviews", info="choose, or type a Hub id such as owner/name", allow_custom_value=True, scale=3,
            )  # fmt: skip
            model = gr.Dropdown(
                MODELS, value="auto", label="Model", info="choose, or type a Hub id", allow_custom_value=True, scale=2
            )
        with gr.Row():
            label = f"or a file of your own (csv, tsv, jsonl, json, parquet; up to {most_uploaded() / 1e6:g} MB)"
            upload = gr.File(label=label, height=140, scale=3)
            text_column = gr.Textbox(label="Text column", placeholder="found by name", scale=1)
            label_column = gr.Textbox(label="Label column", placeholder="found by name", scale=1)
        use = gr.Button("Use these", variant="primary", size="md", elem_classes=["s-right"])
    _wire(app, choice, opened, panel, chips, why, use, [dataset, upload, text_column, label_column, model])
    return opened, panel, copy


def _wire(
    app: gr.Blocks, choice: gr.State, opened: gr.State, panel: gr.Column, chips: gr.HTML, why: gr.HTML,
    use: gr.Button, fields: list[Any],
) -> None:  # fmt: skip
    quiet: dict[str, Any] = {"api_visibility": "private", "queue": False, "show_progress": "hidden",
                             "trigger_mode": "always_last"}  # fmt: skip
    gr.on([app.load, choice.change], show_chips, choice, [chips, why], **quiet)
    chips.click(flip, opened, [opened, panel], **quiet)
    used = use.click(switch, fields, choice, api_visibility="private", concurrency_limit=4)
    used.success(close, None, [opened, panel], **quiet)
