"""Figures of probabilities: whether they can be believed."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from senti.plots.frame import dress, plain
from senti.plots.palette import QUIET, run_styles

if TYPE_CHECKING:
    import plotly.graph_objects as go


def reliability_diagram(curves: Sequence[tuple[str, str, pd.DataFrame]], height: int = 400) -> "go.Figure":
    """How often answers are right against how sure the method was of them, with 95 % intervals; honest is the diagonal.

    curves: (title, method, frame of evaluation.reliability) each.  A larger dot stands for more answers.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    start = min((float(rows["low"].min()) for _, _, rows in curves), default=0.0)
    figure.add_scatter(x=[start, 1], y=[start, 1], mode="lines", name="right as often as sure", hoverinfo="skip",
                       line={"color": QUIET, "width": 1.2, "dash": "dot"})  # fmt: skip
    for (title, color, dash), (_, _, rows) in zip(run_styles(curves), curves, strict=True):
        says = [f"{plain(title)}: of {r.n:,} answers given with {r.low:.0%} to {r.high:.0%}, on average "
                f"{r.confidence:.0%}, {r.accuracy:.0%} are right<br>"
                f"(95 % interval {r.accuracy_low:.0%} to {r.accuracy_high:.0%})"
                for r in rows.itertuples()]  # fmt: skip
        figure.add_scatter(
            x=rows["confidence"], y=rows["accuracy"], name=plain(title), text=says, hoverinfo="text",
            mode="lines+markers", line={"color": color, "width": 2.5, "dash": dash},
            marker={"size": 7 + 10 * np.sqrt(rows["n"] / rows["n"].sum())},
            error_y={"array": rows["accuracy_high"] - rows["accuracy"], "thickness": 1.2, "width": 3,
                     "arrayminus": rows["accuracy"] - rows["accuracy_low"]},
        )  # fmt: skip
    dress(figure, "how sure it was", "how often it was right", height=height)
    return figure.update_xaxes(tickformat=".0%", range=[start - 0.02, 1.02]).update_yaxes(tickformat=".0%")
