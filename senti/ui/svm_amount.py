"""The learning curve of the SVM tab: how much data do the linear methods need?"""

from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.config import SvmConfig, TfidfConfig
from senti.corpus import Corpus
from senti.evaluation import known_learning_curve, learning_curve
from senti.ui.choice import Choice, chosen_model, chosen_source, read
from senti.ui.header import dataset_title
from senti.ui.measured import filled, unfilled
from senti.ui.warm import await_models
from senti.ui.widgets import Caption, friendly

LEAD = "How good is each method when only a few reviews have a label?"
ABSENT = "Fetch the reviews first, on the Data tab."
BUTTON = "Measure the curve"
CURVES = Caption(
    "How much data?",
    "right on validation, by number of training reviews; bars: 95 % interval",
    "Each SVM learns from 64, 256, 1,024 and all training reviews. Below all, a point is the mean of five draws; each "
    "draw keeps the shares of the labels, and its 64 reviews are among its 256. The transformer brings what it read "
    "before, so its features are worth most where labels are few. C is the default at every size.",
)


@friendly
def show_amount(choice: Choice) -> tuple[Any, ...]:
    """The curve on the chosen reviews and model, if it was measured before."""
    source = chosen_source(choice)
    if not source.is_here:
        return unfilled(ABSENT)
    corpus = read(source)
    rows = known_learning_curve(corpus, _configs(choice))
    if rows is not None:
        return filled(_drawn(corpus, rows))
    return unfilled(
        f"Not measured yet on {dataset_title(corpus.name)} with {chosen_model(choice).title}. Press «{BUTTON}»: about "
        "a minute for 10,000 reviews, seconds where an SVM was trained on them before.", button=True,
    )  # fmt: skip


@friendly
def measure_amount(
    choice: Choice, progress: gr.Progress = gr.Progress()  # noqa: B008 - how Gradio is told
) -> tuple[Any, ...]:  # fmt: skip
    """Measure it, then show it."""
    source = chosen_source(choice)
    if not source.is_here:
        return unfilled(ABSENT)
    await_models()
    corpus = read(source)
    rows = learning_curve(corpus, _configs(choice), on_progress=lambda share, what: progress(share, desc=what))
    return filled(_drawn(corpus, rows))


def _configs(choice: Choice) -> list[Any]:
    model = chosen_model(choice).name
    return [TfidfConfig(), SvmConfig(model=model), SvmConfig(model=model, pooling="mean")]


def _drawn(corpus: Corpus, rows: pd.DataFrame) -> str:
    curves = [(str(title), str(mine["method"].iloc[0]), mine) for title, mine in rows.groupby("title", sort=False)]
    chance = float(corpus.splits["validation"]["label"].value_counts(normalize=True).max())
    return str(plots.learning_curves(curves, chance).to_json())
