"""The figure of the learning-rate finder."""

from typing import TYPE_CHECKING

import pandas as pd

from senti import numbers
from senti.plots.frame import dress
from senti.plots.palette import ACCENT, QUIET

if TYPE_CHECKING:
    import plotly.graph_objects as go

ROOM = 1.5  # times the first loss: above it the training is broken, and how far no longer matters


def loss_over_rates(curve: pd.DataFrame, suggestion: float | None, default: float) -> "go.Figure":
    """The loss as the rate rises (lr, loss, smoothed), with upright lines at the suggestion and at the default."""
    import plotly.graph_objects as go

    figure = go.Figure()
    figure.add_scatter(
        x=curve["lr"], y=curve["loss"], name="each batch", mode="markers", marker={"color": QUIET, "size": 5},
        opacity=0.6, hovertemplate="at a rate of %{x:.1e} the loss of a batch was %{y:.3f}<extra></extra>",
    )  # fmt: skip
    figure.add_scatter(
        x=curve["lr"],
        y=curve["smoothed"],
        name="smoothed",
        mode="lines",
        line={"color": ACCENT, "width": 3},
        hovertemplate="at a rate of %{x:.1e} the loss was about %{y:.3f}<extra></extra>",
    )
    dress(figure, "learning rate", "loss", 360)
    low, high = float(curve["smoothed"].min()), float(curve["smoothed"].iloc[0])
    top = min(float(curve["loss"].max()) + 0.1, ROOM * high)
    bottom = max(0.0, low - 0.25)
    marks = [("default", default, "dot", QUIET), *([("suggestion", suggestion, "solid", ACCENT)] if suggestion else [])]
    for place, (name, rate, dash, color) in enumerate(marks):
        figure.add_scatter(
            x=[rate, rate], y=[bottom, top - place * 0.09 * (top - bottom)], mode="lines+text", showlegend=False,
            text=["", f" {name}, {numbers.rate(rate)}"], textposition="bottom right", textfont={"color": color},
            line={"color": color, "dash": dash, "width": 2}, hoverinfo="skip",
        )  # fmt: skip
    figure.update_yaxes(range=[bottom, top], tickformat=".2f")
    return figure.update_xaxes(type="log", tickformat=".0e", dtick=1)
