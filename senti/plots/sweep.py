"""A sweep's three figures: its history, its trials as lines through their knobs, and which knob mattered."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from senti.numbers import percent
from senti.plots.frame import GRID, dress, plain
from senti.plots.palette import ACCENT, INK, QUIET

if TYPE_CHECKING:
    import plotly.graph_objects as go

FAINT = "rgba(128,128,128,.55)"
SCALE = [[0, FAINT], [0.5, "#56B4E9"], [1, ACCENT]]  # worst to best; the first fades on either page


def sweep_history(table: pd.DataFrame, knobs: Sequence[str]) -> "go.Figure":
    """Validation accuracy of each finished trial with its interval, and the best so far as a stair.

    table: rows of studies.outcome.trial_table.  knobs: its columns that the hover names.
    """
    import plotly.graph_objects as go

    rows = table[table["accuracy"].notna()].sort_values("number")
    figure = go.Figure()
    figure.add_scatter(
        x=rows["number"], y=rows["accuracy"], mode="markers", name="a trial", hoverinfo="text",
        hovertext=[f"trial {r['number']}: {percent(r['accuracy'])} right<br>{_knobs(r, knobs)}"
                   for r in rows.to_dict("records")],
        marker={"color": "#56B4E9", "size": 9},
        error_y={"array": rows["high"] - rows["accuracy"], "arrayminus": rows["accuracy"] - rows["low"],
                 "thickness": 1, "width": 0, "color": FAINT},
    )  # fmt: skip
    figure.add_scatter(x=rows["number"], y=rows["accuracy"].cummax(), mode="lines", name="best so far",
                       hoverinfo="skip", line={"color": ACCENT, "width": 2, "shape": "hv"})  # fmt: skip
    dress(figure, "trial", "right on validation", height=300)
    figure.update_xaxes(tickformat="d", range=[-0.6, max(4.0, table["number"].max() + 0.6)])
    return figure.update_yaxes(tickformat=".0%")


def sweep_lines(table: pd.DataFrame, knobs: Sequence[str], logarithmic: Sequence[str]) -> "go.Figure":
    """Each finished trial as a line through its knobs to its accuracy; drag along an axis to keep some lines.

    logarithmic: the knobs whose range was given so.
    """
    import plotly.graph_objects as go

    rows = table[table["accuracy"].notna()]
    axes = [_axis(knob, rows[knob].tolist(), knob in logarithmic) for knob in knobs]
    accuracy = {"label": "right on validation", "values": rows["accuracy"].tolist(), "tickformat": ".1%"}
    low, high = rows["accuracy"].min(), rows["accuracy"].max()
    figure = go.Figure()
    figure.add_parcoords(
        dimensions=[*axes, accuracy],
        line={"color": rows["accuracy"].tolist(), "colorscale": SCALE, "cmin": low, "cmax": max(high, low + 1e-6)},
        labelfont={"color": INK, "size": 14}, tickfont={"color": QUIET, "size": 13},
        rangefont={"color": "rgba(0,0,0,0)", "size": 1}, unselected={"line": {"color": "#808080", "opacity": 0.08}},
    )  # fmt: skip
    dress(figure, "", "", height=340, legend=False)
    return figure.update_layout(margin={"t": 52, "b": 24, "l": 76, "r": 76})


def sweep_importances(shares: Mapping[str, float]) -> "go.Figure":
    """A bar per knob: the share of the differences between trials that is its doing. shares: most important first."""
    import plotly.graph_objects as go

    knobs = list(shares)[::-1]
    figure = go.Figure()
    figure.add_bar(
        x=[shares[knob] for knob in knobs], y=[plain(knob) for knob in knobs], orientation="h", hoverinfo="skip",
        marker={"color": ACCENT}, width=0.55, text=[percent(shares[knob], 0) for knob in knobs],
        textposition="outside", textfont={"color": INK}, cliponaxis=False,
    )  # fmt: skip
    dress(figure, "share of the differences", "", height=110 + 34 * len(knobs), legend=False)
    figure.update_xaxes(tickformat=".0%", range=[0, 1.1 * max(shares.values())])
    return figure.update_yaxes(gridcolor="rgba(0,0,0,0)", linecolor=GRID)


def _axis(knob: str, values: list[Any], logarithmic: bool) -> dict[str, Any]:
    """A knob as an axis: words and switches at equal steps, a logarithmic range by its logarithm."""
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in values):
        if logarithmic and min(values) > 0:
            return {"label": plain(knob), "values": np.log10(values).tolist()} | _decades(values)
        ticks = {"tickvals": sorted(set(values))} if len(set(values)) <= 6 else {}
        return {"label": plain(knob), "values": values} | ticks
    names = sorted(set(map(str, values)))
    return {"label": plain(knob), "values": [names.index(str(value)) for value in values],
            "tickvals": list(range(len(names))), "ticktext": [plain(name) for name in names]}  # fmt: skip


def _decades(values: list[float]) -> dict[str, Any]:
    """Ticks at 1, and 3 where there is room, of each power of ten within the values, and at their ends."""
    low, high = float(min(values)), float(max(values))
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    inner = [10.0**power for power in powers if low * 1.6 < 10.0**power < high / 1.6]
    ticks = [low, *inner, high]
    return {"tickvals": np.log10(ticks).tolist(), "ticktext": [f"{tick:.2g}" for tick in ticks]}


def _knobs(row: dict[str, Any], knobs: Sequence[str]) -> str:
    return ", ".join(f"{plain(knob)} {plain(f'{row[knob]:g}' if isinstance(row[knob], float) else row[knob])}"
                     for knob in knobs)  # fmt: skip
