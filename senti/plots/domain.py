"""Figures of reviews of another kind: what each run loses there, and what labelled ones bring back."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from senti.plots.frame import draw_floor, dress, name_axis, plain
from senti.plots.palette import METHOD_COLORS, QUIET

if TYPE_CHECKING:
    import plotly.graph_objects as go

APART = 0.03  # curves stand a little beside one another, so that their bars can be told apart


def drops(rows: pd.DataFrame, name: str) -> "go.Figure":
    """A line per run of `evaluation.transfer`, from its own test reviews, hollow, to the other ones, with intervals.

    name: of the other reviews.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for symbol, says in (("circle-open", "its own test reviews"), ("circle", plain(name))):
        figure.add_scatter(x=[None], y=[None], mode="markers", name=says,
                           marker={"color": QUIET, "size": 12, "symbol": symbol, "line": {"width": 2.5}})  # fmt: skip
    for place, run in enumerate(rows.itertuples()):
        color = METHOD_COLORS.get(str(run.method), QUIET)
        figure.add_scatter(x=[run.own, run.other], y=[place, place], mode="lines", hoverinfo="skip", showlegend=False,
                           line={"color": color, "width": 2, "dash": "dot"})  # fmt: skip
        own = (run.own, run.own_low, run.own_high, run.n_own, f"its own test reviews ({plain(run.data)})")
        other = (run.other, run.other_low, run.other_high, run.n_other, plain(name))
        for symbol, lift, values in (("circle-open", -0.12, own), ("circle", 0.12, other)):
            _dot(figure, plain(run.title), place + lift, color, symbol, values)
    common = float(rows["common"].max())
    figure.add_vline(x=common, line={"color": QUIET, "width": 1.5, "dash": "dot"})
    figure.add_annotation(x=common, y=0, yref="paper", yanchor="bottom", text="always the same label", showarrow=False,
                          xanchor="left", xshift=6, font={"size": 14, "color": QUIET})  # fmt: skip
    dress(figure, "right answers", "", height=150 + 52 * max(1, len(rows)))
    name_axis(figure.layout.yaxis, list(rows["title"]))
    figure.update_yaxes(range=[len(rows) - 0.1, -0.6])
    return figure.update_xaxes(tickformat=".0%")


def _dot(figure: "go.Figure", title: str, y: float, color: str, symbol: str, values: tuple[Any, ...]) -> None:
    """An accuracy with its interval, on the run's line but for a little, so that two intervals can be told apart."""
    share, low, high, n, where = values
    says = f"{title}: {share:.1%} of {n:,} right<br>{where}<br>95 % interval {low:.1%} to {high:.1%}"
    figure.add_scatter(
        x=[share], y=[y], mode="markers", text=[says], hoverinfo="text", showlegend=False,
        marker={"color": color, "size": 13, "symbol": symbol, "line": {"width": 2.5, "color": color}},
        error_x={"array": [high - share], "arrayminus": [share - low], "thickness": 1.5, "width": 3},
    )  # fmt: skip


def repair_curves(rows: pd.DataFrame, names: dict[str, str], common: float) -> "go.Figure":
    """Accuracy on the other reviews by how many labelled ones are learned from, a curve per method and way.

    rows: of `evaluation.adaptation`.  names: what each way is called.  common: the share of the most frequent label.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    sizes = sorted({int(size) for size in rows["size"]})
    curves = list(rows.groupby(["title", "way"], sort=False))
    for i, ((title, way), mine) in enumerate(curves):
        name = f"{plain(title)}: {names[str(way)]}"
        says = [f"{name}, {r.size}<br>{r.accuracy:.1%} of {r.n:,} right; 95 % interval {r.low:.1%} to {r.high:.1%}"
                + (f"<br>between {r.lowest:.1%} and {r.highest:.1%} over {r.draws} draws" if r.draws > 1 else "")
                for r in mine.itertuples()]  # fmt: skip
        color = METHOD_COLORS.get(str(mine["method"].iloc[0]), QUIET)
        figure.add_scatter(
            x=[sizes.index(size) + APART * (i - (len(curves) - 1) / 2) for size in mine["size"]], y=mine["accuracy"],
            name=name, text=says, hoverinfo="text", mode="lines+markers", marker={"size": 8},
            line={"color": color, "width": 2.5, "dash": "solid" if way == "both" else "dot"},
            error_y={"array": mine["high"] - mine["accuracy"], "arrayminus": mine["accuracy"] - mine["low"],
                     "thickness": 1.2, "width": 3},
        )  # fmt: skip
    draw_floor(figure, common)
    dress(figure, "labelled reviews of the other kind that are learned from", "right on the other reviews", height=400)
    figure.update_xaxes(tickvals=list(range(len(sizes))), ticktext=[f"{size:,}" for size in sizes],
                        range=[-0.3, len(sizes) - 0.7])  # fmt: skip
    return figure.update_yaxes(tickformat=".0%")
