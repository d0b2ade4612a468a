"""More data from the data there are: what each kind of variants makes of a sentence, and what they are worth."""

from functools import lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.config import SvmConfig, TfidfConfig
from senti.corpus import Corpus, changes, replaceable, variants
from senti.corpus.augment import KINDS
from senti.encoder import Backbone, clean_text, near_words
from senti.errors import SentiError
from senti.studies.augmentation import augmentation_curve, gains, known_augmentation_curve
from senti.ui import html, recipe
from senti.ui import recipe_parts as parts
from senti.ui.choice import Choice, chosen_model, chosen_source, read
from senti.ui.header import dataset_title
from senti.ui.known import current_visitor, turnstile
from senti.ui.measured import build_measured, filled, unfilled
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, friendly, page, pickable

LEAD = "A copy of a review with a few words changed mostly keeps its label. Is it worth learning from?"
EXAMPLES = (
    "a gorgeous but strangely empty film",
    "the script is dull but the cast is a joy to watch from start to finish",
    "not a bad film, not a good one",
    "i expected to hate it and left smiling",
)
LONGEST = 1_000  # characters of a sentence that is played with
SHOWN = 2  # variants of each kind
SAYS = {
    "dropout": "words are left out",
    "swap": "two words change places",
    "insertion": "a word near to one of its words is put in somewhere",
    "synonym": "words are replaced by near ones",
    "eda": "one of the four for each variant",
}
WHY = (
    "Easy data augmentation: each variant changes a tenth of the words, at least one, and keeps the label of its "
    "review. Near words are the nearest in the model's own table of word vectors, among words that are one whole piece "
    "there; those stand in the same places, which is not the same meaning: «good» is near «bad», and then a variant "
    "carries the wrong label. Any run can learn from variants: «Augment the reviews» among its knobs. Only training "
    "reviews get them. Translating a review to another language and back is not part of this: it needs two translation "
    "models, which senti does not bring."
)
SOURCE = ("Wei & Zou 2019, EDA", "https://aclanthology.org/D19-1670/")
METHODS = {"SVM on mean features": "mean", "SVM on [CLS] features": "cls", "TF-IDF + SVM": "tfidf"}
QUESTION = "Do they help? The same method learns from 64, 256, 1,024 and all reviews, and then from their variants too."
BUTTON = "Measure both curves"
ABSENT = "Fetch the reviews first, on the Data tab."
CURVES = Caption(
    "Do variants help?",
    "right on validation, by number of training reviews; bars: 95 % interval",
    "Two variants of each training review are added; the dashed curve learns from them too. Below all reviews a point "
    "is the mean of five draws, the same draws on both curves. Bars that overlap do not settle it, for both curves "
    "answer the same reviews: the sentence above the figure gives the gain with the interval of the paired difference.",
    *SOURCE,
)


@friendly
def show_variants(choice: Choice, text: str) -> str:
    """A row per kind: what it makes of the text; and the near words it can draw from."""
    turnstile().enter(current_visitor())
    clean = clean_text(text, LONGEST)
    await_models()
    near = _near(chosen_model(choice), clean)
    cells = [[f"<b>{html.h(how)}</b><br><small>{html.h(SAYS[how])}</small>", _marked(clean, how, near)]
             for how in KINDS]  # fmt: skip
    table = html.table(["Kind", "What it makes of the sentence"], cells, wide="What it makes of the sentence")
    told = "; ".join(f"«{word}»: {', '.join(each)}" for word, each in near.items())
    said = f"Near words in {chosen_model(choice).title}: {told}." if told else "No word of it has near words here."
    cut = [f"Only the first {LONGEST:,} characters are shown."] if len(text) > LONGEST else []
    return table + html.notes([said, *cut])


@lru_cache(maxsize=32)
def _near(backbone: Backbone, text: str) -> dict[str, list[str]]:
    return near_words(backbone, replaceable([text]))


def _marked(text: str, how: str, near: dict[str, list[str]]) -> str:
    """The variants of one kind, what is new and what is gone marked."""
    marks = {"kept": "{}", "added": "<ins>{}</ins>", "removed": "<del>{}</del>"}
    made = [" ".join(marks[kind].format(html.h(word)) for word, kind in changes(text, each))
            for each in variants(text, how, SHOWN, near=near)]  # fmt: skip
    lines = "".join(f"<div>{each}</div>" for each in made)
    return f'<div class="s-change">{lines or "nothing to change here"}</div>'


def take_example(event: gr.EventData) -> str:
    """The sentence that was clicked."""
    return EXAMPLES[int(event.pick)]


def offer_kinds(method: str, kind: str) -> Any:
    """The kinds that a method can use: TF-IDF has no word vectors to find near words with."""
    kinds = [how for how in KINDS if method != "tfidf" or how in ("dropout", "swap")]
    return gr.Dropdown(kinds, value=kind if kind in kinds else kinds[0])


@friendly
def show_curves(choice: Choice, method: str, kind: str) -> tuple[Any, ...]:
    """Both curves on the chosen reviews and model, if they were measured before."""
    source = chosen_source(choice)
    if not source.is_here:
        return unfilled(ABSENT)
    try:
        corpus, config = read(source), _config(choice, method, kind)
        rows = known_augmentation_curve(corpus, config)
    except SentiError as e:
        return unfilled(str(e))
    if rows is not None:
        return _drawn(corpus, rows)
    return unfilled(
        f"Not measured yet on {dataset_title(corpus.name)} with these. Press «{BUTTON}»: about a minute for 10,000 "
        "reviews, seconds for 1,000.", button=True,
    )  # fmt: skip


@friendly
def measure_curves(
    choice: Choice, method: str, kind: str, progress: gr.Progress = gr.Progress()  # noqa: B008 - how Gradio is told
) -> tuple[Any, ...]:  # fmt: skip
    """Measure them, then show them."""
    source = chosen_source(choice)
    if not source.is_here:
        return unfilled(ABSENT)
    await_models()
    corpus, config = read(source), _config(choice, method, kind)
    return _drawn(corpus, augmentation_curve(corpus, config, lambda share, what: progress(share, desc=what)))


def _config(choice: Choice, method: str, kind: str) -> SvmConfig | TfidfConfig:
    if method == "tfidf":
        return TfidfConfig(augment=kind)
    return SvmConfig(model=chosen_model(choice).name, pooling=method, augment=kind)


def _drawn(corpus: Corpus, rows: pd.DataFrame) -> tuple[Any, ...]:
    curves = [(str(title), str(mine["method"].iloc[0]), mine) for title, mine in rows.groupby("title", sort=False)]
    chance = float(corpus.splits["validation"]["label"].value_counts(normalize=True).max())
    return filled(str(plots.learning_curves(curves, chance).to_json()), gains(rows))


def told_variants(choice: Choice, text: str) -> recipe.Recipe:
    """The variants without the page."""
    lines = f"""
from senti.corpus import replaceable, variants
from senti.encoder import near_words, resolve_model

text = {text!r}
near = near_words(resolve_model({choice.model!r}), replaceable([text]))
result = {{how: variants(text, how, {SHOWN}, near=near) for how in {KINDS!r}}}"""
    return parts.recipe(parts.said("augment", (text,), parts.model(choice)), lines, "variants")


def told_curves(choice: Choice, method: str, kind: str) -> recipe.Recipe:
    """Both curves without the page."""
    name = "tfidf" if method == "tfidf" else "svm"
    pooling = ("--pooling", method) if method == "mean" else ()
    svm = f"SvmConfig(model=resolve_model({choice.model!r}).name, pooling={method!r}, augment={kind!r})"
    config = f"TfidfConfig(augment={kind!r})" if name == "tfidf" else svm
    lines = f"""
from senti.config import SvmConfig, TfidfConfig
from senti.corpus import load_corpus
from senti.encoder import resolve_model
from senti.studies.augmentation import augmentation_curve

result = augmentation_curve({parts.corpus(choice)}, {config}).to_dict("records")"""
    words = ("augment-curve", name, "--augment", kind, *pooling, *parts.whose(choice))
    return parts.recipe(words, lines, "curve")


def build(root: Path, choice: gr.State, tab: gr.Tab) -> None:
    """The panel, in the open tab."""
    private: dict[str, Any] = {"api_visibility": "private", "concurrency_limit": 4}
    quiet = private | {"show_progress": "hidden", "trigger_mode": "always_last"}
    page(html.paragraphs([LEAD]))
    text = gr.Textbox(EXAMPLES[0], label="A sentence to change", submit_btn="Show variants", max_lines=4)
    examples = pickable(html.buttons(EXAMPLES, "Try"))
    table = page(html.empty_state("Press «Show variants» to see what each kind makes of the sentence."))
    page(html.what(WHY, *SOURCE))
    recipe.place(told_variants, [choice, text])
    shown: dict[str, Any] = private | {"show_progress_on": table}
    gr.on([tab.select, text.submit, choice.change], show_variants, [choice, text], table,
          trigger_mode="always_last", **shown)  # fmt: skip
    examples.click(take_example, None, text, **quiet).then(show_variants, [choice, text], table, **shown)
    _build_curves(choice, tab, private, quiet)


def _build_curves(choice: gr.State, tab: gr.Tab, private: dict[str, Any], quiet: dict[str, Any]) -> None:
    """The second half: choose a method and a kind, measure, look."""
    with gr.Row():
        method = gr.Dropdown(list(METHODS.items()), value="mean", label="Method")
        kind = gr.Dropdown(list(KINDS), value="eda", label="Kind of variants")
    panel = build_measured(QUESTION, BUTTON, CURVES, 380)
    recipe.place(told_curves, [choice, method, kind])
    asked = [choice, method, kind]
    method.input(offer_kinds, [method, kind], kind, **quiet).then(show_curves, asked, panel.outputs, **quiet)
    gr.on([tab.select, choice.change, kind.input], show_curves, asked, panel.outputs, **quiet)
    panel.button.click(measure_curves, asked, panel.outputs, show_progress_on=panel.note, **private)
