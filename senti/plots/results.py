"""Figures of finished runs: what was called what, and how runs compare."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from senti.corpus import ordered
from senti.plots.frame import dress, name_axis, plain
from senti.plots.palette import INK, METHOD_COLORS, QUIET, one_hue

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHAPES = ("circle", "diamond", "square", "triangle-up", "cross", "star")
MOST_MARKED = 12  # dots with words beside them
WEIGHTS = [n * 10**power for power in range(1, 10) for n in (1, 3)]  # ticks of an axis that counts weights


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> "go.Figure":
    """What was called what: row i, column j counts texts of class i called class j, grades in their order.

    Coloured by share of the row.
    """
    import plotly.graph_objects as go

    order = [labels.index(label) for label in ordered(labels)]
    counts, labels = np.asarray(matrix)[np.ix_(order, order)], ordered(labels)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    says = [[_confusion_sentence(counts[i, j], shares[i, j], labels[i], labels[j]) for j in range(len(labels))]
            for i in range(len(labels))]  # fmt: skip
    figure = go.Figure(go.Heatmap(
        z=shares, zmin=0, zmax=1, colorscale=one_hue(), showscale=False, hovertext=says, hoverinfo="text",
        xgap=2, ygap=2,
    ))  # fmt: skip
    for (i, j), n in np.ndenumerate(counts):  # plotly's own cell text takes the ground for white, also on a dark page
        color = "#fff" if shares[i, j] > 0.5 else INK
        figure.add_annotation(x=j, y=i, text=f"{n:,}", showarrow=False, font={"size": 17, "color": color})
    dress(figure, "what the method said", "what it is", height=110 + 56 * len(labels), legend=False)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        name_axis(axis, labels)
    return figure.update_yaxes(autorange="reversed")


def results_dots(table: pd.DataFrame) -> "go.Figure":
    """Test accuracy with its 95 % interval, a line per run of a results table (title, method, test, test_low, ...)."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, run in enumerate(table.itertuples()):
        says = (f"{plain(run.title)} gets {run.test:.1%} of {run.n_test:,} test reviews right; "
                f"95 % interval {run.test_low:.1%} to {run.test_high:.1%}")  # fmt: skip
        figure.add_scatter(
            x=[run.test], y=[place], mode="markers", text=[says], hoverinfo="text", showlegend=False,
            marker={"color": METHOD_COLORS.get(str(run.method), QUIET), "size": 13},
            error_x={"array": [run.test_high - run.test], "arrayminus": [run.test - run.test_low], "thickness": 2.5},
        )  # fmt: skip
    dress(figure, "right answers on the test reviews", "", height=70 + 34 * max(1, len(table)), legend=False)
    name_axis(figure.layout.yaxis, list(table["title"]))
    return figure.update_yaxes(autorange="reversed").update_xaxes(tickformat=".0%")


def weights_and_accuracy(table: pd.DataFrame) -> "go.Figure":
    """What training more weights buys: trained weights across, test accuracy up, a dot with its interval per run.

    Runs of one `name` share a shape, those of one method their colour; `mark` stands beside the dot, unless there are
    so many that they would cover each other.
    """
    import plotly.graph_objects as go

    figure, few = go.Figure(), len(table) <= MOST_MARKED
    shapes = {name: i for _, names in table.groupby("method")["name"] for i, name in enumerate(names.unique())}
    for (method, name), runs in table.groupby(["method", "name"], sort=False):
        says = [f"{plain(r.title)}: {r.trained:,} weights trained, {r.test:.1%} of {r.n_test:,} test reviews right"
                for r in runs.itertuples()]  # fmt: skip
        figure.add_scatter(
            x=runs["trained"], y=runs["test"], mode="markers+text", name=plain(name), hovertext=says,
            hoverinfo="text", text=[plain(mark) if few else "" for mark in runs["mark"]],
            textposition="middle right", textfont={"color": INK}, marker={
                "color": METHOD_COLORS.get(str(method), QUIET), "size": 12,
                "symbol": SHAPES[shapes[name] % len(SHAPES)],
            },
            error_y={"array": runs["test_high"] - runs["test"], "arrayminus": runs["test"] - runs["test_low"],
                     "thickness": 1.5},
        )  # fmt: skip
    dress(figure, "weights trained", "right on test", height=320)
    ends = np.log10([table["trained"].min() / 3, table["trained"].max() * 3])  # room for the words beside the dots
    return figure.update_xaxes(type="log", range=list(ends), tickvals=WEIGHTS, tickformat="~s").update_yaxes(
        tickformat=".0%"
    )


def _confusion_sentence(n: int, share: float, truth: str, said: str) -> str:
    return f"{n:,} {plain(truth)} reviews were called {plain(said)}: {share:.0%} of them"
