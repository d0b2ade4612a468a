"""Figures of the linear methods: how much data they need, and how strongly they are held back."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from senti.plots.frame import draw_floor, dress, plain
from senti.plots.palette import ACCENT, QUIET, run_styles

if TYPE_CHECKING:
    import plotly.graph_objects as go

APART = 1.05  # curves stand a little beside one another, so that their bars can be told apart


def learning_curves(curves: Sequence[tuple[str, str, pd.DataFrame]], chance: float) -> "go.Figure":
    """Validation accuracy over the number of training reviews, with intervals.

    curves: (title, method, frame with size, accuracy, low, high, lowest, highest, draws, n) each.  chance: the share
    of the most frequent label.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for i, ((title, color, dash), (_, _, rows)) in enumerate(zip(run_styles(curves), curves, strict=True)):
        says = [f"{plain(title)} after {r.size:,} reviews: {r.accuracy:.1%} of {r.n:,} validation reviews right<br>"
                f"95 % interval {r.low:.1%} to {r.high:.1%}{_range(r)}" for r in rows.itertuples()]  # fmt: skip
        figure.add_scatter(
            x=rows["size"] * APART ** (i - (len(curves) - 1) / 2), y=rows["accuracy"], name=plain(title), text=says,
            hoverinfo="text", mode="lines+markers", line={"color": color, "width": 2.5, "dash": dash},
            marker={"size": 8},
            error_y={"array": rows["high"] - rows["accuracy"], "arrayminus": rows["accuracy"] - rows["low"],
                     "thickness": 1.2, "width": 3},
        )  # fmt: skip
    draw_floor(figure, chance)
    dress(figure, "training reviews", "right on validation", height=380)
    sizes = sorted({int(size) for _, _, rows in curves for size in rows["size"]})
    figure.update_xaxes(type="log", tickvals=sizes, ticktext=[f"{size:,}" for size in sizes])
    return figure.update_yaxes(tickformat=".0%")


def accuracy_per_C(table: pd.DataFrame, used: float) -> "go.Figure":
    """Accuracy on held-out folds per C with intervals; the best C is filled, the C that the run used is a line.

    table: C, accuracy, low, high, n, best.
    """
    import plotly.graph_objects as go

    says = [f"C = {r.C:g}: {r.accuracy:.1%} of {r.n:,} training reviews right, each while it was held out<br>"
            f"95 % interval {r.low:.1%} to {r.high:.1%}" for r in table.itertuples()]  # fmt: skip
    figure = go.Figure(go.Scatter(
        x=table["C"], y=table["accuracy"], text=says, hoverinfo="text", mode="lines+markers", showlegend=False,
        line={"color": QUIET, "width": 2},
        marker={"size": [13 if best else 9 for best in table["best"]],
                "color": [ACCENT if best else QUIET for best in table["best"]]},
        error_y={"array": table["high"] - table["accuracy"], "arrayminus": table["accuracy"] - table["low"],
                 "thickness": 1.2, "width": 3},
    ))  # fmt: skip
    best = table[table["best"]].iloc[0]
    _mark(figure, best["C"], best["high"], "best")
    figure.add_vline(x=used, line={"color": ACCENT, "width": 1.5, "dash": "dot"})
    dress(figure, "C: small holds the weights back, large lets them follow every review", "right when held out",
          height=320, legend=False)  # fmt: skip
    values = sorted({*table["C"], used})
    figure.update_xaxes(type="log", tickvals=values, ticktext=[f"{value:g}" for value in values])
    return figure.update_yaxes(tickformat=".1%", nticks=6)


def _mark(figure: "go.Figure", C: float, y: float, word: str) -> None:
    import math

    figure.add_annotation(x=math.log10(C), y=y, text=word, showarrow=False, yshift=-6, xshift=8,
                          xanchor="left", font={"size": 15, "color": ACCENT})  # fmt: skip


def _range(row: object) -> str:
    draws = row.draws  # type: ignore[attr-defined]
    if draws == 1:
        return ""
    return f"<br>between {row.lowest:.1%} and {row.highest:.1%} over {draws} draws"  # type: ignore[attr-defined]
