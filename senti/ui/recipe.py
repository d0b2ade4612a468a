"""A panel's numbers without the panel: the command that prints them, and the Python lines that compute them."""

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from senti.ui import html
from senti.ui.widgets import friendly

TITLE = "The same from the command line and from Python"
ASK = """
const panel = element.querySelector('details'), told = panel.querySelector('div');
let later;
const ask = () => panel.open && panel.offsetParent && trigger('click');
const askLater = event => {
  if (!panel.open || element.contains(event.target)) return;
  clearTimeout(later);
  later = setTimeout(ask, 800);  // until what was clicked or typed has reached the inputs
};
panel.addEventListener('toggle', ask);
for (const kind of ['input', 'click', 'keyup']) document.addEventListener(kind, askLater);
watch('value', () => { told.innerHTML = props.value || ''; });
"""


@dataclass(frozen=True)
class Recipe:
    """words: those after `python -m senti`.  lines: Python that leaves the numbers in `result`.

    key: where the object that the command prints with `--json` holds the same numbers.
    """

    words: tuple[str, ...]
    lines: str
    key: str

    @property
    def command(self) -> str:
        """The command as a person would type it."""
        return shlex.join(["python", "-m", "senti", *self.words])


def shown(recipe: Recipe) -> str:
    """Both, ready to be copied."""
    return (f'<pre class="s-pre">{html.h(recipe.command)}</pre><pre class="s-pre">{html.h(recipe.lines)}</pre>'
            + html.paragraphs([f"With --json the command prints `result` as «{recipe.key}»."]))  # fmt: skip


def place(make: Callable[..., Recipe], inputs: Sequence[Any]) -> None:
    """A folded panel where it is called; while it is open it follows the inputs.

    Folded, it costs nothing: the page asks for the recipe when it is opened, and again after what is done elsewhere.
    """

    @friendly
    def tell(*values: Any) -> str:
        return shown(make(*values))

    template = f'<details class="s-what s-recipe"><summary>{html.h(TITLE)}</summary><div></div></details>'
    told = gr.HTML(html_template=template, js_on_load=ASK, elem_classes=["s-flush"])
    told.click(tell, list(inputs), told, api_visibility="private", show_progress="hidden", concurrency_limit=8)
