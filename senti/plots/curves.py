"""Figures of a threshold: what is found, what is taken wrongly, what is left unanswered as it moves."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from senti.plots.frame import dress, plain
from senti.plots.palette import QUIET, run_styles

if TYPE_CHECKING:
    import plotly.graph_objects as go

DRAWN = 500  # points of a curve; more cannot be told apart
LEAST = 0.01
Curves = Sequence[tuple[str, str, pd.DataFrame]]  # title, method, the curve's rows


def roc_curves(curves: Curves, label: str) -> "go.Figure":
    """ROC curves of one label; each frame as evaluation.roc gives it."""
    label = _literal(label)
    figure = _lines(curves, "false_rate", "true_rate",
                    f"at a threshold of %{{customdata:.2f}}: finds %{{y:.1%}} of the reviews labelled {label}<br>"
                    f"and takes %{{x:.1%}} of the others for it")  # fmt: skip
    _chance(figure, [0, 1])
    return _shares(dress(figure, f"taken for {label}, of the others", f"found, of those labelled {label}", height=400))


def precision_recall_curves(curves: Curves, label: str, share: float) -> "go.Figure":
    """Precision over recall of one label; each frame as evaluation.precision_recall gives it.

    share: how many of the reviews are of the label, which is the precision of chance.
    """
    label = _literal(label)
    figure = _lines(curves, "recall", "precision",
                    f"at a threshold of %{{customdata:.2f}}: finds %{{x:.1%}} of the reviews labelled {label};<br>"
                    f"of those it takes for {label}, %{{y:.1%}} are")  # fmt: skip
    _chance(figure, [share, share])
    return _shares(dress(figure, f"found, of those labelled {label} (recall)", "rightly so (precision)", height=400))


def coverage_curves(curves: Curves, marks: Sequence[tuple[float, float]]) -> "go.Figure":
    """Accuracy on the answered reviews over the share answered; each frame as evaluation.coverage gives it.

    marks: where each run stands at the chosen threshold, (share answered, accuracy); NaN where it answers nothing.
    A curve begins where LEAST of the reviews are answered: an accuracy on fewer is luck.
    """
    drawn = [(title, method, curve[curve["coverage"] >= LEAST]) for title, method, curve in curves]
    figure = _lines(drawn, "coverage", "accuracy",
                    "where it is at least %{customdata:.0%} sure: answers %{x:.0%} of the reviews<br>"
                    "and is right on %{y:.1%} of these")  # fmt: skip
    for (_, color, _), (share, accuracy) in zip(run_styles(curves), marks, strict=True):
        if np.isfinite(accuracy):
            marker = {"color": color, "size": 15, "line": {"color": QUIET, "width": 2}}
            figure.add_scatter(x=[share], y=[accuracy], mode="markers", hoverinfo="skip", showlegend=False, name="",
                               marker=marker)  # fmt: skip
    dress(figure, "share of the reviews it answers", "right on these", height=400)
    return figure.update_xaxes(tickformat=".0%", range=[-0.02, 1.02]).update_yaxes(tickformat=".0%")


def thinned(rows: pd.DataFrame) -> pd.DataFrame:
    """At most DRAWN rows of a curve, evenly spread, both ends among them."""
    return rows.iloc[np.unique(np.linspace(0, len(rows) - 1, DRAWN).round().astype(int))]


def _lines(curves: Curves, x: str, y: str, says: str) -> "go.Figure":
    import plotly.graph_objects as go

    figure = go.Figure()
    for (title, color, dash), (_, _, curve) in zip(run_styles(curves), curves, strict=True):
        rows = thinned(curve)
        figure.add_scatter(
            x=rows[x].to_numpy(), y=rows[y].to_numpy(), customdata=rows["threshold"].to_numpy(), name=plain(title),
            hovertemplate=f"{_literal(title)} {says}<extra></extra>", mode="lines" if len(rows) > 1 else "markers",
            line={"color": color, "width": 2.5, "dash": dash}, marker={"color": color, "size": 9},
        )  # fmt: skip
    return figure


def _chance(figure: "go.Figure", heights: list[float]) -> None:
    figure.add_scatter(x=[0, 1], y=heights, mode="lines", name="by chance", hoverinfo="skip",
                       line={"color": QUIET, "width": 1.2, "dash": "dot"})  # fmt: skip


def _shares(figure: "go.Figure") -> "go.Figure":
    """Both axes from nothing to everything."""
    whole = {"tickformat": ".0%", "range": [-0.02, 1.03]}
    return figure.update_xaxes(whole).update_yaxes(whole)


def _literal(text: str) -> str:
    """Text that a hover template shows letter by letter."""
    return plain(text).replace("%{", "%&#123;")
