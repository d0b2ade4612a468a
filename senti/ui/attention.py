"""Who looks at whom: a strip to hover, one head as a map, all heads as small pictures, and [CLS] layer by layer."""

import base64
import io
import json
from dataclasses import dataclass
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from senti import plots
from senti.encoder import Inside, habits
from senti.ui import html
from senti.ui.choice import Choice
from senti.ui.inside import cut, inside_of, pieces_of
from senti.ui.widgets import Caption, figure, friendly, pickable

RGB = (99, 91, 240)  # the hue of the maps
HABITS = {
    "first": "at the mark that begins the text", "last": "at the mark that ends the text", "itself": "at itself",
    "before": "at the piece before", "after": "at the piece after",
}  # fmt: skip
LOOKS = Caption(
    "Which piece looks at which?",
    "row: the piece that looks; column: what it looks at",
    "When a layer renews the vector of a piece, it mixes in the vectors of others. Each row shows how one piece "
    "spreads its attention; a row adds up to 100 %. Attention says which vectors are mixed, not why the model decides: "
    "what a piece looks at need not matter for the answer, and what matters may come in by other ways.",
    "Vaswani et al. 2017, Attention is all you need; Jain & Wallace 2019, Attention is not explanation",
    "https://arxiv.org/abs/1706.03762",
)
FIRST = Caption(
    "What is [CLS]?",
    "a mark before every text, whose vector stands for the whole; here is where it looks, layer by layer",
    "The mean over all heads. It stands for no word, so its vector is free to gather the text: this is the vector a "
    "classifier reads. Before fine-tuning it often looks mostly at itself.",
    "Devlin et al. 2019, BERT",
    "https://aclanthology.org/N19-1423/",
)
GRID = (
    "Each small picture is the map of one head: rows look, columns are looked at. Stripes down the side are heads that "
    "look at [CLS] or [SEP], which often means that they have nothing to add; diagonals look at neighbours."
)
CLARK = ("Clark et al. 2019, What does BERT look at?", "https://aclanthology.org/W19-4828/")
HOVER = """
const show = event => {
  const token = event.target.closest('[data-from]');
  if (!token) return;
  const tokens = [...element.querySelectorAll('[data-from]')];
  const weights = JSON.parse(element.querySelector('.s-look').dataset.weights)[+token.dataset.from];
  tokens.forEach((other, i) => {
    other.style.setProperty('--w', 100 * Math.sqrt(weights[i] / 1000) + '%');
    other.classList.toggle('from', other === token);
  });
  const best = weights.map((weight, i) => [weight, i]).sort((a, b) => b[0] - a[0]).slice(0, 4);
  element.querySelector('.s-looked').textContent = '“' + token.textContent + '” looks at '
    + best.map(([weight, i]) => '“' + tokens[i].textContent + '” ' + (weight / 10).toFixed(0) + ' %').join(', ');
};
for (const name of ['mouseover', 'focusin', 'click']) element.addEventListener(name, show);
"""


@dataclass(frozen=True)
class Attention:
    """The parts of the panel, in the order in which `views` fills them."""

    strip: gr.HTML
    one: gr.HTML
    grid: gr.HTML
    first: gr.HTML

    @property
    def all(self) -> list[gr.HTML]:
        """Every part."""
        return [self.strip, self.one, self.grid, self.first]


def views(inside: Inside, layer: int, head: int) -> tuple[str, str, str, str]:
    """Strip, map, grid and the looks of [CLS]."""
    first = plots.looks_of_first(cut(inside.attention.mean(axis=1)[:, 0]), pieces_of(inside)).to_json()
    return *one_head(inside, layer, head), grid(inside, layer, head), first


def one_head(inside: Inside, layer: int, head: int) -> tuple[str, str]:
    """Strip and map of a head of a layer, both from 1."""
    weights = inside.attention[layer - 1, head - 1]
    drawn = plots.attention_map(cut(weights)[: len(pieces_of(inside))], pieces_of(inside)).to_json()
    return strip(list(inside.tokens["piece"]), weights), drawn


def strip(pieces: list[str], weights: np.ndarray) -> str:
    """The pieces in a row; pointing at one colours what it looks at. weights: (from, to), each row adds up to 1."""
    thousandths = json.dumps(np.rint(weights * 1000).astype(int).tolist(), separators=(",", ":"))
    each = "".join(f'<span tabindex="0" data-from="{i}">{html.h(piece)}</span>' for i, piece in enumerate(pieces))
    return (f'<div class="s-look" data-weights="{thousandths}">{each}</div>'
            '<p class="s-looked" aria-live="polite">Point at a piece to see where it looks.</p>')  # fmt: skip


def grid(inside: Inside, layer: int, head: int) -> str:
    """All heads as small pictures, a row per layer; each can be picked as `layer-head`."""
    told = habits(inside.attention).itertuples()
    cells, heads = [], inside.attention.shape[1]
    for habit in told:
        if habit.head == 1:
            cells.append(f"<span>{habit.layer}</span>")
        says = f"layer {habit.layer}, head {habit.head}: mostly {HABITS[habit.habit]} ({habit.share:.0%})"
        mark = ' class="picked"' if (habit.layer, habit.head) == (layer, head) else ""
        source = _picture(cut(inside.attention[habit.layer - 1, habit.head - 1])[: len(pieces_of(inside))])
        cells.append(f'<button type="button" data-pick="{habit.layer}-{habit.head}"{mark} title="{says}" '
                     f'aria-label="{says}"><img src="{source}" alt=""></button>')  # fmt: skip
    columns = f'style="grid-template-columns: 18px repeat({heads}, minmax(0, 1fr))"'
    return (f'<section class="s-panel"><header><h3>All heads</h3><p>a row per layer; click one to see it large</p>'
            f"</header>"
            f'<div class="s-heads" {columns}>{"".join(cells)}</div>{html.what(GRID, *CLARK)}</section>')  # fmt: skip


def _picture(weights: np.ndarray) -> str:
    """A map as a PNG data address: the hue of the maps, as strong as the root of the weight."""
    pixels = np.empty((*weights.shape, 4), dtype=np.uint8)
    pixels[..., :3] = RGB
    pixels[..., 3] = np.rint(255 * np.sqrt(np.clip(weights, 0, 1)))
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


@friendly
def turn_head(choice: Choice, text: str, part: str, layer: int, head: int) -> tuple[str, str, str]:
    """Strip, map and grid of another layer or head."""
    inside = inside_of(choice, text, part)
    layer, head = int(layer), int(head)
    return *one_head(inside, layer, head), grid(inside, layer, head)


def take_head(event: gr.EventData) -> tuple[int, int]:
    """Layer and head of the small picture that was clicked."""
    layer, head = str(event.pick).split("-")
    return int(layer), int(head)


def build() -> Attention:
    """The panel, in the open tab."""
    shown = gr.HTML("", elem_classes=["s-flush"], js_on_load=HOVER)
    with gr.Row():
        one, grid_ = figure(LOOKS, height=380), pickable()
    return Attention(shown, one, grid_, figure(FIRST, height=260))


def wire(panel: Attention, layer: gr.Slider, head: gr.Slider, inputs: list[Any], quiet: dict[str, Any]) -> None:
    """Turning head or layer redraws; a click on a small picture turns both."""
    outputs = [panel.strip, panel.one, panel.grid]
    gr.on([head.input, layer.input], turn_head, inputs, outputs, **quiet)
    panel.grid.click(take_head, None, [layer, head], **quiet).then(turn_head, inputs, outputs, **quiet)


STYLE = """
.s-look { display: flex; flex-wrap: wrap; gap: 4px; }
.s-look span { font: 400 16px var(--font-mono); padding: 3px 7px; border-radius: 6px; border: 1px solid var(--s-line);
  cursor: default; color: var(--s-ink); white-space: pre;
  background: color-mix(in srgb, var(--s-accent) calc(var(--w, 0%) * .75), var(--s-card)); }
.s-look span.from { border-color: var(--s-accent); box-shadow: inset 0 -3px 0 var(--s-accent); }
.gradio-container .s-looked { margin: 6px 0 0; min-height: 22px; color: var(--s-quiet); font-size: 15px; }
.s-heads { display: grid; gap: 4px; align-items: center; }
.s-heads span { color: var(--s-quiet); font-size: 13px; text-align: right; }
.s-heads button { padding: 0; border: 1px solid var(--s-line); border-radius: 4px; background: none; cursor: pointer;
  aspect-ratio: 1; overflow: hidden; }
.s-heads button:hover, .s-heads button.picked { border-color: var(--s-accent); outline: 1px solid var(--s-accent); }
.gradio-container .s-heads img { width: 100%; height: 100%; margin: 0; display: block; image-rendering: pixelated; }
"""
