"""The words that moved each run's answer to a text, and how faithful that is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from senti.corpus import ordered
from senti.encoder import clean_text
from senti.errors import BadConfig
from senti.evaluation import Explanation, explain
from senti.evaluation.table import run_title
from senti.numbers import percent
from senti.runs import Run
from senti.ui import html, recipe, recipes
from senti.ui.chosen import chosen
from senti.ui.tour import marked_words
from senti.ui.warm import await_models
from senti.ui.widgets import bound, friendly, page

WHY = (
    "The small number is how many points of probability the run loses for its label without the word: words in its "
    "colour speak for it, words in the other against it. The lines below each text say what the method itself holds of "
    "its words: integrated gradients for transformers, the exact sum of weights for TF-IDF. Comprehensiveness is what "
    "the run loses without the words that count most (high is faithful), sufficiency what it lacks with these alone "
    "(near zero is faithful)."
)
SUNDARARAJAN = ("Sundararajan et al. 2017; DeYoung et al. 2020", "https://arxiv.org/abs/1911.03429")


@friendly
def why(root: Path, text: str, names: list[str], label: str = "") -> str:
    """A card per run: the text with its words marked for a label (none: the run's own), and how faithful that is."""
    runs = chosen(root, names)
    if not runs:
        return html.empty_state("Choose a run above to see which words moved its answer.")
    await_models()
    cards = "".join(_card(run, clean_text(text), label or "") for run in runs)
    return f'<div class="s-verdicts">{cards}</div>{html.what(WHY, *SUNDARARAJAN)}'


def offer_labels(root: Path, names: list[str], label: str = "") -> Any:
    """The labels that the chosen runs know, each once, from the worst grade to the best; of two, one is the other with
    its signs turned, so there is nothing to choose."""
    labels, several = _labels(root, names)
    choices = [("the label it gives", ""), *((each, each) for each in labels)]
    return gr.Dropdown(choices, value=label if label in labels else "", visible=several)


def show(root: Path, opened: str, text: str, names: list[str], label: str) -> tuple[Any, str]:
    """The labels to choose from and the cards, if the panel is open; else nothing, which is never out of date."""
    if not opened:
        return gr.skip(), ""
    kept = label if label in _labels(root, names)[0] else ""
    return offer_labels(root, names, kept), why(root, text, names, kept)


def _labels(root: Path, names: list[str]) -> tuple[list[str], bool]:
    """All labels of the chosen runs, and if any of these knows more than two."""
    known = [run.facts["data"]["labels"] for run in chosen(root, names)]
    return ordered(list(dict.fromkeys(label for each in known for label in each))), any(len(each) > 2 for each in known)


def _card(run: Run, text: str, label: str) -> str:
    labels = list(run.facts["data"]["labels"])
    try:
        found = explain(run, text, label)
    except BadConfig as e:  # it does not know that label; the other runs may
        title = html.h(run_title(run.config))
        return f'<article class="s-card s-verdict"><h3>{title}</h3><p>{html.h(e)}</p></article>'
    words = found.words.rename(columns={"occlusion": "effect"})
    marked = marked_words(found.text, words, labels, labels.index(found.label))
    return (
        f'<article class="s-card s-verdict"><h3>{html.h(found.title)}</h3><p>for {html.h(found.label)}, '
        f"{percent(found.probability, 0)}</p>{marked}{_own_line(found)}"
        f"<p>comprehensiveness {found.comprehensiveness:.2f}, sufficiency {found.sufficiency:.2f}</p></article>"
    )


def _own_line(found: Explanation) -> str:
    if not found.way or found.words.empty:
        return ""
    best = found.words.reindex(found.words["own"].abs().sort_values(ascending=False).index).head(4)
    told = ", ".join(f"{html.h(r.word)} {r.own:+.2f}" for r in best.itertuples())
    return f"<p>{html.h(found.way)}: {told} (all add up to {found.total:.2f}, should be {found.expected:.2f})</p>"


def build(root: Path, text: gr.Textbox, runs: gr.Dropdown) -> Callable[[Any], Any]:
    """A folded panel below the cards; what is returned binds an event to explaining anew, if the panel is open."""
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 2}
    opened = gr.Textbox(visible="hidden", label="why is open")
    with gr.Accordion("Why? The words that moved each answer", open=False) as panel:
        label = gr.Dropdown([("the label it gives", "")], value="", label="Words that speak for", visible=False)
        explained = page()
        recipe.place(bound(recipes.why, root), [text, runs, label])
    asked, filled = [opened, text, runs, label], [label, explained]

    def explain(event: Any, **told: Any) -> Any:
        return event(bound(show, root), asked, filled, **{"show_progress": "hidden"} | told | private)

    panel.collapse(None, None, opened, js="() => ''")
    for event in (panel.expand(None, None, opened, js="() => 'open'").then, label.input):
        explain(event, show_progress="minimal", show_progress_on=explained)
    return explain
