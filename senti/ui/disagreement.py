"""Why the chosen runs disagree on one sentence: their sides, the smallest change that unites them, where they part."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from senti import plots
from senti.evaluation.deletion import Deletion
from senti.evaluation.disagreement import Side, deletion_of, is_read, read_reviews, side
from senti.evaluation.parting import known_parting
from senti.numbers import percent
from senti.plots import METHOD_COLORS, label_colors
from senti.ui import html, recipe, recipes
from senti.ui.chosen import chosen, on_same_reviews
from senti.ui.tour import marked_words
from senti.ui.verdicts import chance_bar
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, bound, figure, friendly, page

READ = "Read the training reviews"
UNREAD = (
    f"Some of the nearest reviews, or the layers, are not known yet. «{READ}» has every transformer read them once, "
    "about a minute for 10,000 reviews; from then on they are here at once."
)
SIDES = (
    "The small number below a word is how many points of probability the run loses for its label without it. The "
    "nearest training reviews are those that the method itself takes for most alike: by the words of TF-IDF, by the "
    "vectors of an SVM, by [CLS] of a fine-tuned transformer."
)
SCROLL = """() => document.querySelector('.s-disagreement')?.scrollIntoView({behavior: 'smooth', block: 'start'})"""
LAYERS = Caption(
    "At which layer do they part?",
    "how far each layer's probe is from changing its mind about this sentence",
    "One linear SVM per layer learns the labels from the training reviews; here each judges this one sentence, by the "
    "mean of its pieces. Above zero it says the upper label, below it the lower; 1 is the margin that an SVM strives "
    "for. The curves part at the first layer after which they never all say the same again.",
    "Alain & Bengio 2017, Understanding intermediate layers using linear classifier probes",
    "https://arxiv.org/abs/1610.01644",
)


@dataclass(frozen=True)
class Sentence:
    """A sentence picked from the list, and its true label, one of all labels."""

    text: str
    label: str
    labels: tuple[str, ...]


def opened(picked: Sentence) -> tuple[Any, str, str, str, str, Any, Any]:
    """At once: the panel with the sentence on top, and nothing yet of another one."""
    head = (f'<section class="s-sentence"><h3>{html.h(picked.text)}</h3>'
            f"<p>true label: {html.label_mark(picked.label, picked.labels)}</p></section>")  # fmt: skip
    waits = html.empty_state("Every run is asked about every word …")
    return gr.Column(visible=True), head, waits, "", "", gr.Column(visible=False), gr.Row(visible=False)


@friendly
def sides(root: Path, names: list[str], picked: Sentence | None) -> tuple[str, Any]:
    """A card per run, and the row with the button, where there is something to read."""
    runs = on_same_reviews(chosen(root, names))
    if picked is None or len(runs) < 2:
        return "", gr.Row(visible=False)
    await_models()
    labels = list(runs[0].facts["data"]["labels"])
    cards = "".join(_card(side(run, picked.text), labels) for run in runs)
    return f'<div class="s-verdicts">{cards}</div>{html.what(SIDES)}', gr.Row(visible=not is_read(runs))


@friendly
def change(
    root: Path, names: list[str], picked: Sentence | None,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio is told
) -> str:  # fmt: skip
    """The smallest deletion after which the runs agree, in words and in the text."""
    runs = on_same_reviews(chosen(root, names))
    if picked is None or len(runs) < 2:
        return ""
    found = deletion_of(runs, picked.text, lambda share, what: progress(share, desc=what))
    return _change(picked.text, found, list(runs[0].facts["data"]["labels"]))


@friendly
def layers(root: Path, names: list[str], picked: Sentence | None) -> tuple[str, str | None, Any]:
    """Where the runs part in words, and the probes' verdicts over the layers; neither while they are not known."""
    runs = on_same_reviews(chosen(root, names))
    found = known_parting(runs, picked.text) if picked and len(runs) > 1 else None
    if found is None:
        return "", None, gr.Column(visible=False)
    told = f'<p class="s-parting">{html.h(found.sentence)}</p>'
    if not found.readings:
        return told, None, gr.Column(visible=False)
    labels = list(runs[0].facts["data"]["labels"])
    others = next(each for each in labels if each != found.label) if len(labels) == 2 else "another label"
    curves = [(r.title, r.reader.method or "svm", r.layers) for r in found.readings]
    drawn = plots.parting_curves(curves, found.label, others, found.layer)
    return told, drawn.to_json(), gr.Column(visible=True)


@friendly
def read(
    root: Path, names: list[str], picked: Sentence | None,
    progress: gr.Progress = gr.Progress(),  # noqa: B008 - how Gradio is told
) -> tuple[str, Any]:  # fmt: skip
    """Read the training reviews with every transformer and probe its layers; then the sides again, with neighbours."""
    await_models()
    read_reviews(on_same_reviews(chosen(root, names)), lambda share, what: progress(share, desc=what))
    return sides(root, names, picked)


def _card(shown: Side, labels: list[str]) -> str:
    found, colors = shown.explanation, label_colors(labels)
    color = html.VARIABLES.get(colors[found.label], colors[found.label])
    words = found.words.rename(columns={"occlusion": "effect"})
    return (
        f'<article class="s-card s-verdict"><h3><i style="background:{METHOD_COLORS[shown.run.facts["method"]]}"></i>'
        f'{html.h(found.title)}</h3><strong style="color:{color}">{html.h(found.label)}</strong>'
        f"{chance_bar(shown.chances, colors)}{marked_words(found.text, words, labels, labels.index(found.label))}"
        f"{_nearest(shown, labels)}</article>"
    )


def _nearest(shown: Side, labels: list[str]) -> str:
    if shown.neighbours is None:
        return ""
    rows = "".join(f"<li>{html.label_mark(r.label, labels)} <span>{html.h(r.text)}</span></li>"
                   for r in shown.neighbours.itertuples())  # fmt: skip
    return f'<h4>Nearest training reviews</h4><ul class="s-nearest">{rows or "<li>none has a word in common</li>"}</ul>'


def _change(text: str, found: Deletion | None, labels: list[str]) -> str:
    title = "<h3>The smallest change that makes them agree</h3>"
    if found is None:
        told = "No deletion was found after which all say the same; single words do not decide here."
        return f'<section class="s-panel s-change">{title}{html.paragraphs([told])}</section>'
    says = (f"{html.label_mark(labels[found.label], labels)} "
            f"({html.h(percent(found.confidence, 0))} sure on average)")  # fmt: skip
    if not found.words:
        return (f'<section class="s-panel s-change">{title}<p>None is needed: asked now, all say {says}. What the list '
                "shows was computed when each run was trained.</p></section>")  # fmt: skip
    words = ", ".join(f"“{html.h(word)}”" for word in found.words)
    proof = "No smaller one does it." if found.proven else "A smaller one may exist: not all were tried."
    return (
        f'<section class="s-panel s-change">{title}<p>Delete {words}: then all say {says}. {proof}</p>'
        f'<p class="s-struck">{_struck(text, found)}</p></section>'
    )


def _struck(text: str, found: Deletion) -> str:
    out, done = [], 0
    for start, end in found.spans:
        out += [html.h(text[done:start]), f"<del>{html.h(text[start:end])}</del>"]
        done = end
    return "".join(out) + html.h(text[done:])


def build(root: Path, runs: gr.Dropdown, picked: gr.State, click: Any) -> tuple[gr.Column, gr.Button]:
    """The panel, where it is called, filled after the click; returns it and the button that sends the sentence to «One
    text»."""
    with gr.Column(visible=False, elem_classes=["s-disagreement"]) as panel:
        head, cards = page(), page()
        with gr.Row(visible=False, elem_classes=["s-offer"]) as unread:
            page(html.paragraphs([UNREAD]), scale=1)
            button = gr.Button(READ, variant="primary", size="md", scale=0, min_width=220)
        smallest, parting = page(), page()
        with gr.Column(visible=False) as drawing:
            curves = figure(LAYERS, height=340)
        with gr.Row():
            send = gr.Button("Send the sentence to «One text»", size="md", scale=0, min_width=260)
        recipe.place(bound(recipes.disagreement, root), [runs, picked])
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_id": "disagreement", "concurrency_limit": 2}
    quiet: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 8, "show_progress": "hidden"}
    asked = [runs, picked]
    drawn = (bound(layers, root), asked, [parting, curves, drawing])
    shown = click.then(opened, picked, [panel, head, cards, smallest, parting, drawing, unread], **quiet)
    shown.then(None, None, None, js=SCROLL)
    told = shown.then(bound(sides, root), asked, [cards, unread], show_progress="minimal", **private)
    told.then(*drawn, **private).then(bound(change, root), asked, smallest, **private)
    reading = button.click(bound(read, root), asked, [cards, unread], show_progress_on=cards, **private)
    reading.then(*drawn, **private)
    return panel, send


STYLE = """
.gradio-container .s-sentence h3 { font-size: 19px; font-weight: 700; margin: 8px 0 2px; color: var(--s-ink); }
.gradio-container .s-sentence p { margin: 0; color: var(--s-quiet); font-size: 15px; }
.gradio-container .s-verdict h4 { font-size: 14px; font-weight: 400; color: var(--s-quiet); margin: 14px 0 4px; }
.gradio-container .s-nearest { margin: 0 !important; padding: 0 !important; list-style: none; }
.gradio-container .s-nearest li { list-style: none; margin: 0 0 8px; padding: 0; font-size: 14px; line-height: 1.4;
  color: var(--s-ink); }
.gradio-container .s-nearest .s-label { font-weight: 700; }
.s-disagreement .s-verdicts { grid-template-columns: repeat(auto-fit, minmax(280px, 1fr)); }
@media (max-width: 1240px) {
  .s-disagreement .s-verdicts:has(> :nth-child(4):last-child) { grid-template-columns: 1fr 1fr; }
}
.gradio-container .s-parting, .gradio-container .s-change p { margin: 4px 0; font-size: 16px; color: var(--s-ink); }
.s-struck del { color: var(--s-quiet); text-decoration-thickness: 2px; }
.s-short .s-scroll { max-height: 296px; }
"""
