"""Inside the transformer: a text becomes pieces, pieces become vectors, vectors look at one another."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.events import api

from senti import plots
from senti.encoder import Backbone, Inside, states
from senti.errors import BadText
from senti.ui import html
from senti.ui.choice import Choice, chosen_model
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, figure, friendly, page, pickable

MAX_LENGTH, DRAWN = 128, 64  # pieces that the model reads, pieces that the maps draw
LEAD = "A model never sees words. It sees pieces, and gives each piece a vector that changes layer by layer."
EXAMPLES = (
    "an unflinchingly tender film",
    "not good, not even close to good",
    "a gorgeous but strangely empty film",
    "the bank of the river, the bank on the corner",
)
DEVLIN = ("Devlin et al. 2019, BERT", "https://aclanthology.org/N19-1423/")
ALIKE = Caption(
    "Which pieces are alike?",
    "cosine between the vectors of two pieces in this layer",
    "In layer 0 only equal pieces are alike; higher up, pieces that mean the same here move together. Blank is no "
    "likeness, or even opposite directions.",
    "Ethayarajh 2019, How contextual are contextualized word representations?",
    "https://aclanthology.org/D19-1006/",
)
LOOKS = Caption(
    "Which piece looks at which?",
    "row: the piece that looks; column: what it looks at",
    "When a layer renews the vector of a piece, it mixes in the vectors of others. Each row shows how one piece "
    "spreads its attention; a row adds up to 100 %. Looking at something is not the same as depending on it.",
    "Vaswani et al. 2017, Attention is all you need",
    "https://arxiv.org/abs/1706.03762",
)
VECTORS = Caption(
    "The vectors themselves",
    "row: one piece; column: one number of its vector; violet above zero, green below",
    "No single number means anything to us, but all that the model knows about a piece at this layer is in its row. "
    "The strongest one in a hundred are drawn as strong as the next.",
    *DEVLIN,
)
FIRST = Caption(
    "What is [CLS]?",
    "a mark before every text, whose vector stands for the whole; here is where it looks, layer by layer",
    "The mean over all heads. It stands for no word, so its vector is free to gather the text: this is the vector a "
    "classifier reads. Before fine-tuning it often looks mostly at itself.",
    *DEVLIN,
)


@dataclass(frozen=True)
class Inspector:
    """What another tab needs to send a text here: fill `text`, then call `look_inside` with these parts."""

    text: gr.Textbox
    inputs: list[Any]
    outputs: list[Any]


def tokens(text: str, model: str = "auto") -> dict:
    """The pieces of a text (piece, id, word, start, end, special) and the shapes they take in the model."""
    inside = _inside(Choice(model=model), text)
    return {
        "model": chosen_model(Choice(model=model)).hub_id,
        "pieces": inside.tokens.astype(object).where(inside.tokens.notna(), None).to_dict("records"),
        "hidden_states": list(inside.hidden.shape),
        "attention": list(inside.attention.shape),
    }


@friendly
def look_inside(choice: Choice, text: str, layer: int, head: int) -> tuple[Any, ...]:
    """Strip and shapes, both sliders with the model's bounds, and every map."""
    inside = _inside(choice, text)
    layers, heads = inside.attention.shape[:2]
    layer, head = min(int(layer), layers), min(int(head), heads)
    return (
        _strip(inside, text),
        gr.Slider(maximum=layers, value=layer, interactive=True),
        gr.Slider(maximum=heads, value=head, interactive=True),
        *_layer_maps(inside, layer),
        _attention_map(inside, layer, head),
        plots.looks_of_first(_cut(inside.attention.mean(axis=1)[:, 0]), _pieces(inside)).to_json(),
    )


@friendly
def turn_layer(choice: Choice, text: str, layer: int, head: int) -> tuple[str, str, str]:
    """The three maps of another layer."""
    inside = _inside(choice, text)
    return *_layer_maps(inside, int(layer)), _attention_map(inside, int(layer), int(head))


@friendly
def turn_head(choice: Choice, text: str, layer: int, head: int) -> str:
    """The attention map of another head."""
    return _attention_map(_inside(choice, text), int(layer), int(head))


def take_example(event: gr.EventData) -> str:
    """The example that was clicked."""
    return EXAMPLES[int(event.pick)]


def _inside(choice: Choice, text: str) -> Inside:
    if not (text or "").strip():
        raise BadText("There is no text to look at; type a sentence or click an example.")
    return _looked(chosen_model(choice), text)


@lru_cache(maxsize=8)
def _looked(backbone: Backbone, text: str) -> Inside:
    await_models()
    return states.look_inside(backbone, text, max_length=MAX_LENGTH)


def _pieces(inside: Inside) -> list[str]:
    return list(inside.tokens["piece"][:DRAWN])


def _cut(values: np.ndarray) -> np.ndarray:
    return values[..., :DRAWN]


def _layer_maps(inside: Inside, layer: int) -> tuple[str, str]:
    hidden = inside.hidden[layer][:DRAWN]
    pieces = _pieces(inside)
    return plots.similarity_map(states.similarity(hidden), pieces).to_json(), plots.hidden_states(
        hidden, pieces
    ).to_json()


def _attention_map(inside: Inside, layer: int, head: int) -> str:
    """Layer 0 is the embeddings, before any attention: it shows what layer 1 will do with them."""
    weights = inside.attention[max(layer, 1) - 1, head - 1][:DRAWN, :DRAWN]
    return plots.attention_map(weights, _pieces(inside)).to_json()


def _strip(inside: Inside, text: str) -> str:
    pieces, (states, count, width) = inside.tokens, inside.hidden.shape
    marks = int(pieces["special"].sum())
    steps = [
        (f"{len(text.split())} words", ""),
        (f"{count} pieces, {marks} of them marks", f"(1 text, {count} pieces)"),
        (f"{states - 1} layers and the embeddings", f"{states} × (1 text, {count} pieces, {width} numbers)"),
        (f"one vector for the text, at {pieces['piece'].iloc[0]}", f"({width} numbers)"),
    ]
    return html.token_strip(pieces) + html.flow(steps) + html.notes(_remarks(count))


def _remarks(count: int) -> list[str]:
    remarks = []
    if count >= MAX_LENGTH:
        remarks.append(f"The model reads the first {MAX_LENGTH} pieces of a text here; what comes after is cut.")
    if count > DRAWN:
        remarks.append(f"The maps show the first {DRAWN} of {count} pieces.")
    return remarks


def build(app: gr.Blocks, root: Path, choice: gr.State) -> Inspector:
    """The tab; returns what another tab needs to send a text here."""
    with gr.Tab("Tokens & hidden states", id="tokens") as tab:
        page(html.lead(LEAD))
        text = gr.Textbox(EXAMPLES[0], label="A sentence to take apart", submit_btn="Look inside", max_lines=4)
        examples = pickable(html.buttons(EXAMPLES, "Try"))
        strip = page()
        with gr.Row():
            layer = gr.Slider(0, 6, value=4, step=1, label="Layer", info="0 is the embeddings, before any layer")
            head = gr.Slider(
                1, 12, value=1, step=1, label="Attention head", info="a layer looks in several ways at once"
            )
        similar, hidden, attention, first = _panels()
        api(friendly(tokens), api_name="tokens", concurrency_limit=4)
    inspector = Inspector(text, [choice, text, layer, head], [strip, layer, head, similar, hidden, attention, first])
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    quiet = private | {"show_progress": "hidden", "trigger_mode": "always_last"}
    asked: tuple[Any, ...] = (look_inside, inspector.inputs, inspector.outputs)
    gr.on([tab.select, text.submit], *asked, show_progress_on=strip, **private)
    taken = examples.click(take_example, None, text, **quiet)
    taken.then(*asked, show_progress_on=strip, **private)
    layer.input(turn_layer, inspector.inputs, [similar, hidden, attention], **quiet)
    head.input(turn_head, inspector.inputs, attention, **quiet)
    return inspector


def _panels() -> tuple[gr.HTML, gr.HTML, gr.HTML, gr.HTML]:
    with gr.Row():
        similar, attention = figure(ALIKE, height=380), figure(LOOKS, height=380)
    return similar, figure(VECTORS, height=320), attention, figure(FIRST, height=260)
