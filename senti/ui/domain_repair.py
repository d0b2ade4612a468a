"""How many labelled reviews of another kind repair the linear methods."""

from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.config import SvmConfig, TfidfConfig
from senti.corpus import Corpus
from senti.corpus.mixed import held_apart
from senti.errors import BadData
from senti.evaluation.adaptation import WAYS, adaptation, known_adaptation, told
from senti.ui import domain_recipes, html, recipe
from senti.ui.choice import Choice, chosen_model, chosen_source, read
from senti.ui.header import dataset_title
from senti.ui.measured import build_measured, filled, unfilled
from senti.ui.parts import Part
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, friendly, page

LEAD = "How many labelled reviews of the other kind must one add to those at home?"
ABSENT = "Both kinds of reviews must be on this machine: fetch them with «Use these», here or at the top of the page."
SAME = "These are the reviews at home too. Choose another kind above, then «Use these»."
BUTTON = "Measure the repair"
BY_HAND = (
    "For other methods: «python -m senti mix --to FILE --rows 64 --out mixed.jsonl» writes the reviews at home with "
    "64 others mixed in, and as test the same reviews that are kept apart here. Upload that file at the top of the "
    "page, or name it with --dataset, and train any method on it."
)
CURVES = Caption(
    "What repairs it?",
    "right on reviews of the other kind that are kept apart; bars: 95 % interval",
    "Half of the other reviews are kept apart and only tested on, the same at every size. From the other half 16, 64 "
    "and 256 are drawn, five times; a point is the mean. Solid: they are added to all training reviews at home. "
    "Dotted: the method learns from these few alone, which is what the reviews at home must beat to be of use. Reviews "
    "that occur in both kinds are left out.",
    "The baselines of Daumé III 2007, Frustratingly Easy Domain Adaptation",
    "https://aclanthology.org/P07-1033/",
)


@friendly
def show_repair(choice: Choice, other: Choice) -> tuple[Any, ...]:
    """The curves from the chosen reviews to the other ones, if they were measured before."""
    both = kinds(choice, other)
    if both is None:
        return unfilled(ABSENT)
    home, there = both
    if home.checksum == there.checksum:
        return unfilled(SAME)
    try:
        notices = held_apart(home, there)[2]
    except BadData as e:
        return unfilled(str(e))
    rows = known_adaptation(home, there, _configs(choice))
    if rows is not None:
        return _drawn(rows, notices)
    return unfilled(
        f"Not measured yet from {dataset_title(home.name)} to {dataset_title(there.name)}. «{BUTTON}» takes about a "
        "minute for 10,000 reviews at home, seconds for the bundled ones.", button=True,
    )  # fmt: skip


@friendly
def measure_repair(
    choice: Choice, other: Choice, progress: gr.Progress = gr.Progress()  # noqa: B008 - how Gradio is told
) -> tuple[Any, ...]:  # fmt: skip
    """Measure them, then show them."""
    both = kinds(choice, other)
    if both is None:
        return unfilled(ABSENT)
    await_models()
    rows = adaptation(*both, _configs(choice), on_progress=lambda share, what: progress(share, desc=what))
    return _drawn(rows, held_apart(*both)[2])


def kinds(choice: Choice, other: Choice) -> tuple[Corpus, Corpus] | None:
    """The reviews at home and the other ones; None where either is not on this machine."""
    sources = chosen_source(choice), chosen_source(other)
    if not all(source.is_here for source in sources):
        return None
    home, there = map(read, sources)
    return home, there


def _configs(choice: Choice) -> list[Any]:
    return [TfidfConfig(), SvmConfig(model=chosen_model(choice).name, pooling="mean")]


def _drawn(rows: pd.DataFrame, notices: tuple[str, ...]) -> tuple[Any, ...]:
    drawn = plots.repair_curves(rows, WAYS, float(rows["common"].max())).to_json()
    _, column, curve, button = filled(str(drawn))
    return html.paragraphs(told(rows)) + html.notes(notices), column, curve, button


def build(choice: gr.State, other: gr.State) -> Part:
    """The sub-tab."""
    with gr.Tab("The repair", id="repair") as tab:
        panel = build_measured(LEAD, BUTTON, CURVES, 400)
        page(html.paragraphs([BY_HAND]))
        recipe.place(domain_recipes.adaptation, [choice, other])
    panel.button.click(measure_repair, [choice, other], panel.outputs, show_progress_on=panel.note,
                       api_visibility="private", concurrency_limit=1)  # fmt: skip
    return Part(tab, show_repair, [choice, other], panel.outputs)
