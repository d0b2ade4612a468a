"""Prompts: labels in words. A run like any other, and a line that tries wordings on one text."""

from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from senti import plots
from senti.config import PromptConfig
from senti.encoder import clean_text
from senti.methods.prompt import SCALE, cosines
from senti.numbers import percent
from senti.ui import html
from senti.ui.choice import Choice, chosen_model, chosen_source, read
from senti.ui.known import current_visitor, turnstile
from senti.ui.measured import filled, unfilled
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, figure, friendly, page
from senti.ui.workbench import Bench, Placed, build_bench

BENCH = Bench(
    method="prompt",
    tab="Prompts",
    lead="Train nothing: say in words what each label means, and give a text the label whose words suit it best.",
    button="Ask with these prompts",
    empty="No prompt has been asked yet. Press «Ask with these prompts»: it reads the validation and test reviews, "
    "which takes seconds, and looks at no label unless you let it see a few.",
    curves=False,
)
TRY = "Try the prompts of the form on one text before a whole run."
EXAMPLE = "a gorgeous but strangely empty film"
ABSENT = "Fetch the reviews first, on the Data tab: their labels are what the prompts describe."
BARS = Caption(
    "How near is the text to each prompt?",
    "cosine between the vector of the text and that of each prompt; longer is nearer",
    "The model turns the text and each prompt into one vector, the mean over its tokens. A cosine of 1 is the same "
    "direction, 0 has nothing in common. The prompts of one label are averaged, and the label whose average is "
    f"nearest wins; its probability is the softmax of the cosines times {SCALE:g}, and is not calibrated. Labelled "
    "reviews, where the form asks for some, are left out here.",
    "Reimers & Gurevych 2019, Sentence-BERT",
    "https://arxiv.org/abs/1908.10084",
)


def build(root: Path, choice: gr.State, tab: gr.Tab) -> Placed:
    """Fill the open tab."""
    return build_bench(root, choice, BENCH, more=partial(_place_trial, choice), tab=tab)


def _place_trial(choice: gr.State, placed: Placed) -> None:
    page(html.paragraphs([TRY]))
    text = gr.Textbox(EXAMPLE, label="A text", submit_btn="Compare with the prompts", max_lines=4)
    note = page()
    with gr.Column(visible=False) as drawn:
        bars = figure(BARS, height=190)
    prompts = placed.form.widgets[placed.form.names.index("prompts")]
    text.submit(try_prompts, [choice, text, prompts], [note, drawn, bars], api_visibility="private",
                concurrency_limit=4, show_progress_on=note, trigger_mode="always_last")  # fmt: skip


@friendly
def try_prompts(choice: Choice, text: str, prompts: str) -> tuple[Any, ...]:
    """A sentence, the figure's column and the figure. Raises BadConfig, BadText, MissingModel."""
    source = chosen_source(choice)
    if not source.is_here:
        return unfilled(ABSENT)[:3]
    text = clean_text(text)
    turnstile().enter(current_visitor())
    await_models()
    labels, config = read(source).labels, PromptConfig(prompts=prompts.strip() or PromptConfig().prompts)
    table = cosines(config, labels, text, chosen_model(choice))
    best = table.loc[table["chance"].idxmax()]
    told = f"Without labelled reviews these prompts say {best['label']}, {percent(best['chance'], 0)} sure."
    return filled(str(plots.prompt_bars(table, labels).to_json()), told)[:3]
