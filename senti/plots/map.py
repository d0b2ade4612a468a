"""The reviews as points on a plane."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pandas as pd

from senti.plots.frame import dress, plain, scale
from senti.plots.palette import ACCENT, QUIET

if TYPE_CHECKING:
    import plotly.graph_objects as go

SHOWN = 110  # letters of a review in its hover


def review_map(points: pd.DataFrame, colors: Mapping[str, str], shares: tuple[float, float]) -> "go.Figure":
    """Every review a point: columns x, y, text, place, about (a word on it), and group (a key of colors) or value.

    With a column `value` the points run through one scale.  A point carries its place, so that it can be picked.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    if "value" in points:
        reach = float(points["value"].quantile(0.98)) or 1.0
        figure.add_scatter(**_dots(points), name="", showlegend=False, marker={
            "color": points["value"], "colorscale": [[0, "rgba(99,91,240,.12)"], [1, ACCENT]], "cmin": 0,
            "cmax": reach, "size": 7, "colorbar": scale(",.0f"), "showscale": True,
        })  # fmt: skip
    else:
        for group, color in colors.items():
            mine = points[points["group"] == group]
            figure.add_scatter(**_dots(mine), name=plain(group), marker={"size": 7, "color": color, "opacity": 0.65})
    dress(figure, f"first axis: {shares[0]:.0%} of the variance", f"second axis: {shares[1]:.0%}", height=460)
    figure.update_layout(dragmode="lasso", newselection={"line": {"color": QUIET, "width": 2, "dash": "dot"}})
    return figure.update_xaxes(showticklabels=False).update_yaxes(showticklabels=False)


def _dots(points: pd.DataFrame) -> dict:
    says = [f"{_folded(text)}<br><i>{plain(about)}</i>"
            for text, about in zip(points["text"], points["about"], strict=True)]  # fmt: skip
    return {"x": points["x"].round(3), "y": points["y"].round(3), "mode": "markers", "text": says, "hoverinfo": "text",
            "customdata": points["place"].to_numpy()}  # fmt: skip


def _folded(text: str, width: int = 44) -> str:
    """A review's beginning in lines short enough for a hover box; text stays text."""
    text = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
    lines: list[str] = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(plain(line) for line in lines)
