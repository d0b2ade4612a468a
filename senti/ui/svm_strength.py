"""C in the SVM tab: accuracy on held-out folds per C, the best one and the one that the shown run used."""

from pathlib import Path
from typing import Any

import gradio as gr
import pandas as pd

from senti import plots
from senti.config import SvmConfig, TfidfConfig
from senti.errors import SentiError
from senti.evaluation import cross_validation, known_cross_validation, used_C
from senti.numbers import interval
from senti.runs import Run
from senti.ui.measured import filled, unfilled
from senti.ui.warm import await_models
from senti.ui.watch import find
from senti.ui.widgets import Caption, friendly

LEAD = "How strongly should the SVM be held back? C is chosen without a look at validation or test reviews."
NONE = "Train an SVM first, or choose one below."
BUTTON = "Try every C"
STRENGTH = Caption(
    "Right on held-out folds, by C",
    "dotted: the C of this run; bars: 95 % interval",
    "The training reviews are split into five parts with equal shares of the labels. An SVM learns from four of them "
    "and answers the fifth, five times over, for each C; scaler and vocabulary learn from the same four parts. A small "
    "C keeps the weights small (it may miss what there is to learn), a large one lets them follow every review (it may "
    "learn some by heart). With «Choose C for me» on the left, training takes the best one.",
    "Hastie, Tibshirani & Friedman 2009, section 7.10",
    "https://hastie.su.domains/ElemStatLearn/",
)


@friendly
def show_strength(root: Path, name: str) -> tuple[Any, ...]:
    """The curve of the shown run, if it is known."""
    run = _linear(root, name)
    if run is None:
        return unfilled(NONE)
    try:
        rows = known_cross_validation(run)
    except SentiError as e:
        return unfilled(str(e))
    if rows is not None:
        return _drawn(run, rows)
    return unfilled(
        f"This run used C = {used_C(run):g}, as given. Press «{BUTTON}» to see how other values do on training reviews "
        "that were held out: a quarter of a minute for 10,000 reviews.", button=True,
    )  # fmt: skip


@friendly
def measure_strength(
    root: Path, name: str, progress: gr.Progress = gr.Progress()  # noqa: B008 - how Gradio is told
) -> tuple[Any, ...]:  # fmt: skip
    """Cross-validate, then show it."""
    run = _linear(root, name)
    if run is None:
        return unfilled(NONE)
    await_models()
    return _drawn(run, cross_validation(run, lambda share, what: progress(share, desc=what)))


def _linear(root: Path, name: str) -> Run | None:
    run = find(root, name)
    return run if run and isinstance(run.config, SvmConfig | TfidfConfig) else None


def _drawn(run: Run, rows: pd.DataFrame) -> tuple[Any, ...]:
    used, config = used_C(run), run.config
    assert isinstance(config, SvmConfig | TfidfConfig)
    best, own = rows[rows["best"]].iloc[0], rows[rows["C"] == used]
    said = f"This run used C = {used:g}, {'chosen so' if config.tune_C else 'as given'}"
    said += f": {_share(own.iloc[0])}" if len(own) else ""
    said += "." if used == best["C"] else f". Best here is C = {best['C']:g}: {_share(best)}."
    said += f" On folds of {int(best['n']):,} training reviews."
    return filled(plots.accuracy_per_C(rows, used).to_json(), said)


def _share(row: pd.Series) -> str:
    return interval(row["accuracy"], row["low"], row["high"])
