"""Two texts side by side: the same word in two contexts, a review and its negation."""

from functools import lru_cache
from typing import Any

import gradio as gr

from senti import plots
from senti.encoder import Backbone, Contrast, contrast
from senti.errors import BadText
from senti.ui import html, recipe, recipes
from senti.ui.choice import Choice, chosen_model
from senti.ui.inside import DRAWN, MAX_LENGTH, cut, pieces_of
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, figure, friendly, page, pickable

PAIRS = (
    ("the bank of the river", "the bank on the corner"),
    ("a good film", "not a good film"),
    ("the plot is thin but the cast is a joy", "the cast is a joy but the plot is thin"),
    ("he made the film sing", "he made the film drag"),
)
SECOND = "a mercilessly tender steak"
LEAD = "The same word in two sentences starts as the same vector. How far do the sentences pull it apart?"
ALIKE = Caption(
    "Which pieces of the two are alike?",
    "row: a piece of the first text; column: a piece of the second",
    "Cosine between vectors of one layer. At the embeddings only the same piece at the same place is fully alike; "
    "higher up a piece carries its sentence with it.",
    "Ethayarajh 2019, How contextual are contextualized word representations?",
    "https://aclanthology.org/D19-1006/",
)
APART = Caption(
    "How far do they drift apart, layer by layer?",
    "1: the same direction",
    "[CLS] begins the same in every text and ends as the vector of the whole; the dotted lines are words that both "
    "texts hold. A pre-trained model often keeps a sentence and its negation close: they share a topic.",
    "Ethayarajh 2019",
    "https://aclanthology.org/D19-1006/",
)


@friendly
def show(choice: Choice, first: str, second: str, layer: int) -> tuple[str, str, str, Any]:
    """Both strips, the map, the drift, and the layer's slider with the model's bounds."""
    both = _both(choice, first, second)
    layers = len(both.first.hidden) - 1
    layer = min(int(layer), layers)
    strips = "".join(
        f'<p class="s-text"><b>{name}</b></p>{html.token_strip(inside.tokens, inside.cut)}'
        for name, inside in (("The first text", both.first), ("The second text", both.second))
    )
    return strips, _map(both, layer), plots.word_drift(both.drift()).to_json(), gr.Slider(maximum=layers, value=layer)


@friendly
def turn_layer(choice: Choice, first: str, second: str, layer: int) -> str:
    """The map of another layer."""
    return _map(_both(choice, first, second), int(layer))


def take_pair(event: gr.EventData) -> tuple[str, str]:
    """The pair that was clicked."""
    return PAIRS[int(event.pick)]


def _both(choice: Choice, first: str, second: str) -> Contrast:
    if not (first or "").strip() or not (second or "").strip():
        raise BadText("Two texts are needed; type both, or click a pair.")
    return _contrasted(chosen_model(choice), first, second)


@lru_cache(maxsize=8)
def _contrasted(backbone: Backbone, first: str, second: str) -> Contrast:
    await_models()
    return contrast(backbone, first, second, MAX_LENGTH)


def _map(both: Contrast, layer: int) -> str:
    names = pieces_of(both.first), pieces_of(both.second)
    return plots.cross_similarity(cut(both.alike(layer))[:DRAWN], *names).to_json()


def build(choice: gr.State, tab: gr.Tab, first: gr.Textbox) -> tuple[Any, gr.Textbox]:
    """The panel, in the open tab; `first` is the text above the tabs. Returns what follows the click on a pair, and the
    second text."""
    page(html.paragraphs([LEAD]))
    second = gr.Textbox(SECOND, label="The second text", max_lines=3, submit_btn="Contrast")
    pairs = pickable(html.buttons([f"{a}  |  {b}" for a, b in PAIRS], "Try"))
    strips = page()
    layer = gr.Slider(0, 6, value=6, step=1, label="Layer", info="0 is the embeddings, before any layer")
    with gr.Row():
        alike, apart = figure(ALIKE, height=380), figure(APART, height=380)
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    quiet = private | {"show_progress": "hidden", "trigger_mode": "always_last"}
    asked, shown = [choice, first, second, layer], [strips, alike, apart, layer]
    gr.on([tab.select, first.submit, second.submit], show, asked, shown, show_progress_on=strips,
          trigger_mode="always_last", **private)  # fmt: skip
    taken = pairs.click(take_pair, None, [first, second], **quiet)
    layer.input(turn_layer, asked, alike, **quiet)
    recipe.place(recipes.contrast, [choice, first, second])
    return taken.then(show, asked, shown, show_progress_on=strips, **private).then, second
