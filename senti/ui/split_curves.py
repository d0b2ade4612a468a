"""The curves of the whole split: can the probabilities be believed, and what does a threshold buy."""

from collections.abc import Sequence
from typing import Any

import gradio as gr
import numpy as np
import pandas as pd

from senti import plots
from senti.evaluation import (
    answered,
    areas,
    coverage,
    precision_recall,
    reliability,
    roc,
    saved_probabilities,
    split_figures,
)
from senti.numbers import percent
from senti.runs import Run
from senti.ui import html
from senti.ui.chosen import titles
from senti.ui.split_reviews import mark
from senti.ui.widgets import Caption

RELIABILITY = Caption(
    "Is it as often right as it is sure?",
    "bars: 95 % interval; larger dots stand for more answers",
    "Answers are put in bins by how sure the method was of them. On the dotted line it is right as often as it says. "
    "Below the line it is too sure of itself. The calibration error (ECE) is the mean distance from the line, each bin "
    "weighted by its answers.",
    "Guo et al. 2017, On calibration of modern neural networks",
    "https://arxiv.org/abs/1706.04599",
)
ROC = Caption(
    "Found, at what price?",
    "ROC",
    "Lower the threshold from which a review counts as the label, and more of them are found (up), while more others "
    "are taken for it (right). The area under the curve (AUC) is how often a review of the label is put before one "
    "that is not: 50 % by chance, 100 % without fault.",
    "Fawcett 2006, An introduction to ROC analysis",
    "https://doi.org/10.1016/j.patrec.2005.10.010",
)
PRECISION = Caption(
    "Of those found, how many rightly?",
    "precision and recall",
    "To the right more reviews of the label are found; up, more of those that are taken for it really are. Average "
    "precision is the mean height of the curve. Where a label is rare, this tells more than ROC.",
    "Davis & Goadrich 2006",
    "https://doi.org/10.1145/1143844.1143874",
)
COVERAGE = Caption(
    "What if it may keep silent?",
    "a dot marks the threshold; drawn from 1 % of the reviews on",
    "A method that answers only when it is sure enough answers fewer reviews (left) and should be right on more of "
    "them (up). A curve that does not rise to the left belongs to a method whose certainty means nothing.",
    "Geifman & El-Yaniv 2017, Selective classification",
    "https://arxiv.org/abs/1705.08500",
)


def calibration(runs: Sequence[Run], split: str) -> tuple[str, str]:
    """The reliability diagram, and the table with each run's calibration error."""
    figures, names = split_figures(runs, split), titles(runs)
    drawn = plots.reliability_diagram(_curves(runs, [reliability(p, truth) for truth, p in _saved(runs, split)]))
    cells = [[mark(run) + html.h(name), percent(r.confidence), percent(r.accuracy), percent(r.ece),
              html.h(_gap(r.confidence - r.accuracy))]
             for run, name, r in zip(runs, names, figures.itertuples(), strict=True)]  # fmt: skip
    columns = ["Method", "Sure, on average", "Right", "Calibration error", "In words"]
    return drawn.to_json(), html.table(columns, cells, numbers=columns[1:4], wide="In words")


def _gap(gap: float) -> str:
    if abs(gap) < 0.005:
        return "as sure as it is right, on average"
    return f"too {'sure of itself' if gap > 0 else 'modest'} by {100 * abs(gap):.1f} points, on average"


def label_curves(runs: Sequence[Run], split: str, label: str | None) -> tuple[Any, str, str, str]:
    """The labels to choose from, ROC and precision-recall of the chosen one, and the table of areas."""
    labels, saved = runs[0].facts["data"]["labels"], _saved(runs, split)
    i = labels.index(label) if label in labels else len(labels) - 1
    found = [areas(p, truth) for truth, p in saved]
    first = plots.roc_curves(_curves(runs, [roc(p[:, i], truth == i) for truth, p in saved]), labels[i])
    share = float((saved[0][0] == i).mean())
    curves = _curves(runs, [precision_recall(p[:, i], truth == i) for truth, p in saved])
    second = plots.precision_recall_curves(curves, labels[i], share)
    return (gr.Dropdown(list(labels), value=labels[i]), first.to_json(), second.to_json(),
            _areas_table(runs, found, i, labels))  # fmt: skip


def _areas_table(runs: Sequence[Run], found: list[pd.DataFrame], i: int, labels: Sequence[str]) -> str:
    many = len(labels) > 2
    columns = ["Method", "AUC", "Average precision", *(["AUC, all labels", "Precision, all labels"] if many else [])]
    cells = []
    for run, name, each in zip(runs, titles(runs), found, strict=True):
        ours, overall = each.loc[i, ["auc", "average_precision"]], each[["auc", "average_precision"]].mean()
        shares = [*ours, *overall] if many else list(ours)
        cells.append([mark(run) + html.h(name), *map(percent, shares), html.h(_order(ours["auc"], labels[i]))])
    return html.table([*columns, "In words"], cells, numbers=columns[1:], wide="In words")


def _order(area: float, label: str) -> str:
    if not np.isfinite(area):
        return f"no review of this split is labelled {label}, or every one"
    return f"puts a review labelled {label} before another {percent(area, 0)} of the time"


def covered(runs: Sequence[Run], split: str, threshold: float) -> tuple[str, str]:
    """Accuracy over coverage with each run's place at a threshold, and that place in a sentence per run."""
    curves = [coverage(p, truth) for truth, p in _saved(runs, split)]
    marks = [answered(curve, threshold) for curve in curves]
    told = [f"<p>{mark(run)}<b>{html.h(name)}</b> {_told(*place)}</p>"
            for run, name, place in zip(runs, titles(runs), marks, strict=True)]  # fmt: skip
    said = f'<div class="s-panel s-says">{"".join(told)}</div>'
    return plots.coverage_curves(_curves(runs, curves), marks).to_json(), said


def _told(share: float, accuracy: float) -> str:
    if not share:
        return "answers none of the reviews: it is never that sure."
    answers, right = percent(share, 0 if share >= 0.01 else 2), percent(accuracy)
    return f"answers {answers} of the reviews and is right on {right} of these.".replace(" %", "\u00a0%")


def _saved(runs: Sequence[Run], split: str) -> list[tuple[Any, Any]]:
    return [saved_probabilities(run, split) for run in runs]


def _curves(runs: Sequence[Run], frames: Sequence[pd.DataFrame]) -> list[tuple[str, str, pd.DataFrame]]:
    return [(name, run.facts["method"], frame) for run, name, frame in zip(runs, titles(runs), frames, strict=True)]
