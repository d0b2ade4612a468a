"""Beyond the lab: which learning rate to begin with."""

from pathlib import Path
from typing import Any

import gradio as gr

from senti import plots
from senti.config import METHODS, TrainConfig
from senti.methods import TITLES
from senti.runs import between_runs
from senti.studies.lr_finder import MEANING, STEPS, Found, find_lr, known_lr
from senti.ui import recipe
from senti.ui import recipe_parts as parts
from senti.ui.choice import Choice, chosen_model, chosen_source, read
from senti.ui.forms import with_choice
from senti.ui.header import dataset_title
from senti.ui.measured import build_measured, filled, unfilled
from senti.ui.parts import QUIET
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, bound, friendly

LEAD = (
    f"How large may a step be? A training of {STEPS} steps begins with tiny ones, makes each a little larger than the "
    "last, and watches the loss. Its weights are thrown away."
)
ABSENT = "Fetch the reviews first, on the Data tab."
BUTTON = "Find a learning rate"
CURVE = Caption(
    "At which rate does the loss fall?",
    "loss of each batch over the learning rate of the step before it; the line is smoothed",
    "Left, the steps are too small to change anything. Where the line falls, the model learns; where it rises again, "
    "the steps are too large. " + MEANING,
    "Smith 2017",
    "https://arxiv.org/abs/1506.01186",
)


@friendly
def show_rates(method: str, choice: Choice) -> tuple[Any, ...]:
    """The curve of a method on the chosen reviews and model, if it was measured before."""
    source = chosen_source(choice)
    if not source.is_here:
        return unfilled(ABSENT)
    corpus = read(source)
    found = known_lr(_config(method, choice), corpus)
    if found is not None:
        return _drawn(found)
    return unfilled(
        f"Not measured yet for {TITLES[method]} on {dataset_title(corpus.name)} with {chosen_model(choice).title}. "
        f"Press «{BUTTON}»: it takes as long as {STEPS} steps of a run, half a minute or less with a small model.",
        button=True,
    )


@friendly
def measure_rates(
    root: Path, method: str, choice: Choice, progress: gr.Progress = gr.Progress()  # noqa: B008 - how Gradio is told
) -> tuple[Any, ...]:  # fmt: skip
    """Measure it, while no run trains, then show it."""
    source = chosen_source(choice)
    if not source.is_here:
        return unfilled(ABSENT)
    await_models()
    config, corpus = _config(method, choice), read(source)
    with between_runs(root):
        return _drawn(find_lr(config, corpus, lambda share, what: progress(share, desc=what)))


def told(method: str, choice: Choice) -> recipe.Recipe:
    """The curve without the page."""
    name = METHODS[method].__name__
    lines = f"""
from senti.config import {name}
from senti.corpus import load_corpus
from senti.studies.lr_finder import find_lr

found = find_lr({name}(model={choice.model!r}), {parts.corpus(choice)})  # .suggestion, .curve
result = found.curve.to_dict("records")"""
    return parts.recipe(("find-lr", method, *parts.whose(choice)), lines, "curve")


def _config(method: str, choice: Choice) -> TrainConfig:
    config = with_choice(METHODS[method](), choice)
    assert isinstance(config, TrainConfig)
    return config


def _drawn(found: Found) -> tuple[Any, ...]:
    return filled(plots.loss_over_rates(found.curve, found.suggestion, found.default).to_json(), found.sentence)


def build(root: Path, choice: gr.State, tab: gr.Tab) -> None:
    """The panel, in the open tab."""
    method = gr.Radio([(TITLES[name], name) for name in ("finetune", "lora")], value="finetune", label="Method")
    panel = build_measured(LEAD, BUTTON, CURVE, 360)
    asked = [method, choice]
    recipe.place(told, asked)
    gr.on([tab.select, method.change, choice.change], show_rates, asked, panel.outputs, **QUIET)
    panel.button.click(bound(measure_rates, root), asked, panel.outputs, show_progress_on=panel.note,
                       api_visibility="private", concurrency_limit=1)  # fmt: skip
