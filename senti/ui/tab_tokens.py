"""Inside the transformer: a text becomes pieces, pieces become vectors, vectors look at one another."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.events import api

from senti import plots
from senti.encoder import Inside, length_notice, states
from senti.evaluation import unknown_notice
from senti.ui import attention, contrast, depth, html, recipe, recipes, tour
from senti.ui.choice import Choice, chosen_model
from senti.ui.inside import DRAWN, inside_of, pieces_of
from senti.ui.widgets import Caption, figure, friendly, page, pickable, public

LEAD = "A model never sees words. It sees pieces, and gives each piece a vector that changes layer by layer."
EXAMPLES = (
    "an unflinchingly tender film",
    "not good, not even close to good",
    "a gorgeous but strangely empty film",
    "the bank of the river, the bank on the corner",
)
PARTS = [("its beginning", "head"), ("its end", "tail"), ("a quarter first, the rest from its end", "head+tail")]
DEVLIN = ("Devlin et al. 2019, BERT", "https://aclanthology.org/N19-1423/")
ALIKE = Caption(
    "Which pieces are alike?",
    "cosine between the vectors of two pieces in this layer",
    "In layer 0 only equal pieces are alike; higher up, pieces that mean the same here move together. Blank is no "
    "likeness, or even opposite directions.",
    "Ethayarajh 2019, How contextual are contextualized word representations?",
    "https://aclanthology.org/D19-1006/",
)
VECTORS = Caption(
    "The vectors themselves",
    "row: one piece; column: one number of its vector; violet above zero, green below",
    "No single number means anything to us, but all that the model knows about a piece at this layer is in its row. "
    "The strongest one in a hundred are drawn as strong as the next.",
    *DEVLIN,
)


@dataclass(frozen=True)
class Inspector:
    """What another tab needs to send a text here: fill `text`, then call `look_inside` with these parts."""

    text: gr.Textbox
    examples: gr.HTML
    offered: gr.State
    inputs: list[Any]
    outputs: list[Any]
    panels: gr.Tabs
    second: gr.Textbox


def tokens(text: str, model: str = "auto", truncation: str = "head") -> dict:
    """The pieces of a text (piece, id, word, start, end, special), the shapes they take in the model, how many are cut.

    truncation: what is read of a text of more than 128 pieces: head, tail, head+tail.
    """
    inside = inside_of(Choice(model=model), text, truncation)
    return {
        "model": chosen_model(Choice(model=model)).hub_id,
        "pieces": inside.tokens.astype(object).where(inside.tokens.notna(), None).to_dict("records"),
        "cut": inside.cut[1],
        "hidden_states": list(inside.hidden.shape),
        "attention": list(inside.attention.shape),
    }


@friendly
def look_inside(choice: Choice, text: str, part: str, layer: int, looking: int, head: int) -> tuple[Any, ...]:
    """Strip and shapes, the choice of what is read if it is not all, the sliders with their bounds, and every map."""
    inside = inside_of(choice, text, part)
    layers, heads = inside.attention.shape[:2]
    layer, looking, head = min(int(layer), layers), min(int(looking), layers), min(int(head), heads)
    return (
        _strip(inside, text, chosen_model(choice).title),
        gr.Dropdown(visible=inside.cut[1] > 0),
        gr.Slider(maximum=layers, value=layer, interactive=True),
        gr.Slider(maximum=layers, value=looking, interactive=True),
        gr.Slider(maximum=heads, value=head, interactive=True),
        *_layer_maps(inside, layer),
        *attention.views(inside, looking, head),
    )


@friendly
def turn_layer(choice: Choice, text: str, part: str, layer: int) -> tuple[str, str]:
    """The two maps of another layer."""
    return _layer_maps(inside_of(choice, text, part), int(layer))


def take_example(texts: list[str], event: gr.EventData) -> str:
    """The example that was clicked."""
    return texts[int(event.pick)]


def _layer_maps(inside: Inside, layer: int) -> tuple[str, str]:
    hidden, pieces = inside.hidden[layer][:DRAWN], pieces_of(inside)
    alike = plots.similarity_map(states.similarity(hidden), pieces)
    return alike.to_json(), plots.hidden_states(hidden, pieces).to_json()


def _strip(inside: Inside, text: str, title: str) -> str:
    pieces, (states, count, width) = inside.tokens, inside.hidden.shape
    marks = int(pieces["special"].sum())
    steps = [
        (f"{len(text.split())} words", ""),
        (f"{count} pieces, {marks} of them marks", f"(1 text, {count} pieces)"),
        (f"{states - 1} layers and the embeddings", f"{states} × (1 text, {count} pieces, {width} numbers)"),
        (f"one vector for the text, at {pieces['piece'].iloc[0]}", f"({width} numbers)"),
    ]
    return html.token_strip(pieces, inside.cut) + html.flow(steps) + html.notes(_remarks(inside, text, title))


def _remarks(inside: Inside, text: str, title: str) -> list[str]:
    count, lost = len(inside.tokens), inside.cut[1]
    remarks = [*length_notice([text]), *filter(None, [unknown_notice(inside.tokens, title)])]
    if lost:
        remarks.append(f"The model reads {count} of {count + lost:,} pieces here; the other {lost:,} are cut.")
    if count > DRAWN:
        remarks.append(f"The maps show the first {DRAWN} of {count} pieces.")
    return remarks


def build(app: gr.Blocks, root: Path, choice: gr.State) -> Inspector:
    """The tab; returns what another tab needs to send a text here."""
    with gr.Tab("Tokens & hidden states", id="tokens") as tab:
        with gr.Row(elem_classes=["s-leads"]):
            page(html.lead(LEAD), scale=1)
            start = gr.Button("New here? Take the tour", size="md", scale=0, min_width=220)
        text = gr.Textbox(EXAMPLES[0], label="A sentence to take apart", submit_btn="Look inside", max_lines=4)
        examples, offered = pickable(html.buttons(EXAMPLES, "Try")), gr.State(list(EXAMPLES))
        tour.build(root, choice, text, start)
        part = gr.Dropdown(PARTS, value="head", label="Of this long text, read", visible=False)
        with gr.Tabs() as panels:
            with gr.Tab("Pieces & vectors", id="pieces"):
                strip = page()
                layer = gr.Slider(0, 6, value=4, step=1, label="Layer", info="0 is the embeddings, before any layer")
                with gr.Row():
                    similar, hidden = figure(ALIKE, height=380), figure(VECTORS, height=320)
                recipe.place(recipes.pieces, [choice, text, part])
            with gr.Tab("Attention", id="attention"):
                looks, looking, head = _attention()
            with gr.Tab("Two texts", id="two") as opened:
                contrasted, second = contrast.build(choice, opened, text)
            with gr.Tab("Layer by layer", id="layers") as opened:
                depth.build(root, choice, opened)
        api(public(tokens), api_name="tokens", concurrency_limit=4)
    outputs = [strip, part, layer, looking, head, similar, hidden, *looks.all]
    inputs = [choice, text, part, layer, looking, head]
    inspector = Inspector(text, examples, offered, inputs, outputs, panels, second)
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    quiet = private | {"show_progress": "hidden", "trigger_mode": "always_last"}
    asked: tuple[Any, ...] = (look_inside, inspector.inputs, inspector.outputs)
    gr.on([tab.select, text.submit, part.input], *asked, show_progress_on=strip,
          trigger_mode="always_last", **private)  # fmt: skip
    taken = examples.click(take_example, offered, text, **quiet)
    taken.then(*asked, show_progress_on=strip, **private)
    contrasted(*asked, **quiet)
    layer.input(turn_layer, [choice, text, part, layer], [similar, hidden], **quiet)
    attention.wire(looks, looking, head, [choice, text, part, looking, head], quiet)
    return inspector


def _attention() -> tuple[attention.Attention, gr.Slider, gr.Slider]:
    """The panel of attention with its own sliders."""
    with gr.Row():
        layer = gr.Slider(1, 6, value=4, step=1, label="Layer")
        head = gr.Slider(1, 12, value=1, step=1, label="Attention head", info="a layer looks in several ways at once")
    return attention.build(), layer, head
