"""A text through the chosen runs: what they say, how sure they are, how long they take; and a pinned text beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from senti.encoder import clean_text, length_notice
from senti.evaluation import compare, finished_runs, unknown_notices
from senti.evaluation.reading import cut_notes
from senti.ui import html, recipe, recipes, verdicts, why
from senti.ui.chosen import chosen
from senti.ui.known import current_visitor, turnstile
from senti.ui.parts import QUIET, Part
from senti.ui.warm import await_models
from senti.ui.widgets import bound, friendly, page, pickable

EXAMPLES = [
    "a gorgeous but strangely empty film",
    "not a single dull minute",
    "the jokes are old and the plot is older",
    "i expected to hate it and left smiling",
    "it is, at least, mercifully short",
    "a small film with a huge heart",
]
EMPTY = "No trained model yet. Train all three on the bundled reviews; it takes about a minute."
# what a page shows before it has offered its runs, too: then an app that has just started is still loading models
NONE_CHOSEN = ("Choose some runs above, under «Which runs». The first answer after a start takes some seconds, "
               "while models load.")  # fmt: skip


@dataclass(frozen=True)
class Comparison:
    """What another tab needs to send a text here, and `judge`, which binds an event to judging it."""

    text: gr.Textbox
    examples: gr.HTML
    offered: gr.State
    runs: gr.Dropdown
    judge: Callable[[Any], Any]


@friendly
def say(root: Path, text: str, runs: list[str], pinned: str = "") -> str:
    """A card per run; with a pinned text, what the run said of that too."""
    mine = chosen(root, runs)
    known = [run.name for run in mine]
    if not known:
        return html.empty_state(NONE_CHOSEN if finished_runs(root) else EMPTY)
    turnstile().enter(current_visitor())
    await_models()
    rows = compare(root, [clean_text(text)], known)
    clean = [clean_text(text)]
    remarks = html.notes([*length_notice([text]), *cut_notes(mine, clean), *unknown_notices(mine, clean)])
    if not pinned or pinned == text:
        return verdicts.cards(rows) + remarks
    return verdicts.cards(rows, compare(root, [clean_text(pinned)], known)) + remarks


@friendly
def pin(text: str) -> tuple[str, Any, Any]:
    """Keep a text to compare the next ones with; returns it, its chip, and the button that lets go of it."""
    clean_text(text)
    return text, html.paragraphs([f"Pinned: «{text}». Change the sentence above and compare."]), gr.Button(visible=True)


def unpin() -> tuple[str, str, Any]:
    """Let go of the pinned text."""
    return "", "", gr.Button(visible=False)


def take_sentence(texts: list[str], event: gr.EventData) -> str:
    """The sentence that was clicked."""
    return texts[int(event.pick)]


def build(root: Path, tab: gr.Tab, runs: gr.Dropdown) -> tuple[Part, Comparison]:
    """The panel, in the open tab."""
    text = gr.Textbox(EXAMPLES[0], label="A sentence to judge", submit_btn="Compare", max_lines=4)
    with gr.Row(elem_classes=["s-leads"]):
        examples, offered = pickable(html.buttons(EXAMPLES, "Try"), scale=1), gr.State(EXAMPLES)
        keep = gr.Button("Pin this sentence", size="md", scale=0, min_width=160)
    with gr.Row(elem_classes=["s-leads"]):
        told = page(scale=1)
        let_go = gr.Button("Unpin", size="md", scale=0, min_width=100, visible=False)
    pinned, shown = gr.State(""), page()
    explain = why.build(root, text, runs)
    recipe.place(bound(recipes.one_text, root), [text, runs])
    part = Part(tab, bound(say, root), [text, runs, pinned], [shown])

    def judge(event: Any) -> Any:
        said = event(part.show, part.inputs, shown, api_visibility="private", concurrency_id="predict",
                     concurrency_limit=2)  # fmt: skip
        return explain(said.then)

    judge(text.submit)
    judge(examples.click(take_sentence, offered, text, **QUIET).then)
    judge(keep.click(pin, text, [pinned, told, let_go], **QUIET).then)
    judge(let_go.click(unpin, None, [pinned, told, let_go], **QUIET).then)
    explain(runs.input)
    return part, Comparison(text, examples, offered, runs, judge)
