"""What accuracy costs: a dot per run, and the line of those that no other run makes pointless."""

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from senti.evaluation.cost import written
from senti.numbers import percent
from senti.plots.frame import dress, plain
from senti.plots.palette import INK, METHOD_COLORS, QUIET

if TYPE_CHECKING:
    import plotly.graph_objects as go

DECADES = [10.0**power for power in range(-3, 13)]  # ticks of a logarithmic axis, and what suits seconds
SECONDS = [0.001, 0.01, 0.1, 1, 10, 60, 600, 3600, 36_000, 360_000]
MOST_NAMED = 8  # runs; the hover names every one
SPAN = 10  # from this ratio of dearest to cheapest on the axis is logarithmic


def cost_and_quality(table: pd.DataFrame, cost: str, title: str) -> "go.Figure":
    """Test accuracy with its interval over a cost, a dot per run; those that another one dominates are hollow.

    table: rows of evaluation.results_table with `by`, the title of the run that dominates or "", and no unknown cost.
    cost: the column; title: what it is in words.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    places, logarithmic = _places(table[cost])
    table = table.assign(place=places, price=pd.to_numeric(table[cost])).sort_values("place")
    front = table[table["by"] == ""]
    figure.add_scatter(x=front["place"], y=front["test"], mode="lines", hoverinfo="skip", showlegend=False, name="",
                       line={"color": QUIET, "width": 1.2, "dash": "dot", "shape": "hv"})  # fmt: skip
    for run in table.itertuples():
        by = f";<br>{plain(run.by)} is at least as right and costs no more" if run.by else ""
        says = (f"{plain(run.title)}: {percent(run.test)} of {run.n_test:,} test reviews right, "
                f"{title} {written(cost, run.price)}{by}")  # fmt: skip
        color = METHOD_COLORS.get(str(run.method), QUIET)
        figure.add_scatter(
            x=[run.place], y=[run.test], mode="markers+text", text=[_named(run, table)], hovertext=[says], name="",
            hoverinfo="text", textposition=_side(run, front), textfont={"color": QUIET if run.by else INK},
            showlegend=False, marker={"color": color, "size": 13, "line": {"width": 2.5, "color": color},
                                      "symbol": "circle-open" if run.by else "circle"},
            error_y={"array": [run.test_high - run.test], "arrayminus": [run.test - run.test_low], "thickness": 1.2},
        )  # fmt: skip
    dress(figure, title, "right on test", height=400, legend=False)
    figure.update_yaxes(tickformat=".0%")
    return _axis(figure, table[cost], logarithmic, cost)


def _named(run: Any, table: pd.DataFrame) -> str:
    """A run's title; where there are many runs, only of one that is worth its cost."""
    return plain(run.title) if len(table) <= MOST_NAMED or not run.by else ""


def _side(run: Any, front: pd.DataFrame) -> str:
    """Where a title stands: not on the line of the front, which runs to the right and then up, nor on its neighbour."""
    if run.by:
        return "bottom right"
    return "top right" if run.place in (front["place"].iloc[0], front["place"].iloc[-1]) else "top left"


def _places(costs: pd.Series) -> tuple[pd.Series, bool]:
    """Where costs stand on the axis, and whether that is logarithmic; there a cost of zero stands left of all ticks."""
    costs = pd.to_numeric(costs)
    paid = costs[costs > 0]
    if paid.empty or paid.max() < SPAN * paid.min():
        return costs, False
    return costs.where(costs > 0, _nothing(paid)), True


def _nothing(paid: pd.Series) -> float:
    return 10.0 ** (np.floor(np.log10(paid.min())) - 1)


def _axis(figure: "go.Figure", costs: pd.Series, logarithmic: bool, cost: str) -> "go.Figure":
    """The cost's ticks in its unit, with room on the right for the last run's title."""
    costs = pd.to_numeric(costs)
    top = float(costs.max())
    if not logarithmic:
        ticks, wide = _round_steps(top), top or 1.0
        figure.update_xaxes(range=[-0.04 * wide, 1.3 * wide])
        return figure.update_xaxes(tickvals=ticks, ticktext=[_short(written(cost, tick)) for tick in ticks])
    paid = costs[costs > 0]
    left = float(paid.min()) / 3
    ticks = [tick for tick in (SECONDS if cost == "train_seconds" else DECADES) if left <= tick <= 10 * top]
    words = [_short(written(cost, tick)) for tick in ticks]
    if (costs == 0).any():
        nothing = _nothing(paid)
        ticks, words, left = [nothing, *ticks], ["0", *words], nothing / 2
        figure.add_annotation(
            x=float(np.log10(4 * nothing)),
            y=0,
            yref="paper",
            text="//",
            showarrow=False,
            font={"size": 18, "color": QUIET},
        )  # the axis is broken: no logarithm has a zero
    low, high = np.log10(left), np.log10(top)
    ends = [float(low), float(high + 0.25 * (high - low))]
    return figure.update_xaxes(type="log", range=ends, tickvals=ticks, ticktext=words)


def _round_steps(top: float) -> list[float]:
    """Three to six round numbers from 0 to the top."""
    if top <= 0:
        return [0.0]
    decade = 10.0 ** np.floor(np.log10(top / 2))
    step = next(decade * each for each in (0.5, 1, 2, 5) if top / (decade * each) < 6)
    return [float(tick) for tick in np.arange(0, top * 1.001, step)]


def _short(words: str) -> str:
    """1.0 MB as 1 MB, 1 min 0 s as 1 min, 0 bytes as 0."""
    return re.sub(r"( 0 (s|min)|(?<=^0) .*)$", "", words.replace(".0 ", " "))
