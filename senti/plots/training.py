"""Figures of a run as it trains: loss, accuracy and learning rate over its steps."""

from typing import TYPE_CHECKING

import pandas as pd

from senti.plots.frame import dress
from senti.plots.palette import ACCENT, QUIET

if TYPE_CHECKING:
    import plotly.graph_objects as go


def loss_curves(events: pd.DataFrame) -> "go.Figure":
    """Training loss as a thin grey line, validation loss as the accent with markers, over the steps of the run."""
    import plotly.graph_objects as go

    figure = go.Figure()
    train, validation = _curve(events, "train", "loss"), _curve(events, "validation", "loss")
    figure.add_scatter(
        x=train["step"],
        y=train["loss"],
        name="training loss",
        mode="lines",
        line={"color": QUIET, "width": 1.5},
        hovertemplate="after step %{x:,} the training loss was %{y:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=validation["step"], y=validation["loss"], name="validation loss", mode="lines+markers",
        line={"color": ACCENT, "width": 3}, marker={"size": 9},
        hovertemplate="after step %{x:,} the validation loss was %{y:.3f}<extra></extra>",
    )  # fmt: skip
    return _over_steps(figure, events, "loss", height=300)


def accuracy_curve(events: pd.DataFrame) -> "go.Figure":
    """Validation accuracy over the steps of the run, in per cent."""
    import plotly.graph_objects as go

    rows = _curve(events, "validation", "accuracy")
    figure = go.Figure(go.Scatter(
        x=rows["step"], y=rows["accuracy"], name="validation accuracy", mode="lines+markers",
        line={"color": ACCENT, "width": 3}, marker={"size": 9}, showlegend=False,
        hovertemplate="after step %{x:,}, %{y:.1%} of the validation reviews were right<extra></extra>",
    ))  # fmt: skip
    return _over_steps(figure, events, "", height=210, legend=False).update_yaxes(
        tickformat=".0%", nticks=6, minallowed=0, maxallowed=1
    )


def learning_rate(events: pd.DataFrame) -> "go.Figure":
    """The learning rate over the steps of the run."""
    import plotly.graph_objects as go

    rows = _curve(events, "train", "lr")
    figure = go.Figure(go.Scatter(
        x=rows["step"], y=rows["lr"], name="learning rate", mode="lines", line={"color": QUIET, "width": 2},
        showlegend=False, hovertemplate="step %{x:,} moved the weights at a rate of %{y:.1e}<extra></extra>",
    ))  # fmt: skip
    _over_steps(figure, events, "", height=210, legend=False)
    return figure.update_yaxes(tickformat=".1~e", rangemode="tozero", nticks=5)


def _curve(events: pd.DataFrame, split: str, column: str) -> pd.DataFrame:
    rows = events[events["split"] == split]
    return pd.DataFrame({name: pd.to_numeric(rows[name]) for name in ("step", column)}).dropna()


def _over_steps(figure: "go.Figure", events: pd.DataFrame, y: str, height: int, *, legend: bool = True) -> "go.Figure":
    """Fix the x axis to the whole run, so that a live curve grows into its frame."""
    steps = pd.to_numeric(events[["step", "total_steps"]].stack()) if len(events) else pd.Series([1.0])
    end = max(1.0, float(steps.max()))
    return dress(figure, "step", y, height, legend=legend, hovermode="x unified").update_xaxes(range=[0, end * 1.02])
