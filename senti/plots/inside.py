"""Figures of one text inside a transformer: its vectors, their likeness, and who looks at whom."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from senti.plots.frame import dress, name_axis, scale, tall
from senti.plots.palette import one_hue, two_signs

if TYPE_CHECKING:
    import plotly.graph_objects as go


def hidden_states(layer: np.ndarray, pieces: Sequence[str]) -> "go.Figure":
    """One layer's vectors, (pieces, width): a row per piece, a column per number."""
    import plotly.graph_objects as go

    reach = float(np.quantile(np.abs(layer), 0.99)) or 1.0
    figure = go.Figure(go.Heatmap(
        z=np.asarray(layer, dtype=np.float32), x0=1, dx=1, zmin=-reach, zmax=reach, colorscale=two_signs(),
        hovertemplate="number %{x} of " + str(layer.shape[1]) + " for %{y} is %{z:.2f}<extra></extra>",
        colorbar=scale(".1f"),
    ))  # fmt: skip
    dress(figure, "the numbers of each vector", "", height=tall(len(pieces)) - 40, legend=False)
    name_axis(figure.layout.yaxis, pieces)
    return figure.update_yaxes(autorange="reversed").update_xaxes(showgrid=False, range=[0.5, layer.shape[1] + 0.5])


def similarity_map(cosines: np.ndarray, pieces: Sequence[str]) -> "go.Figure":
    """How alike the vectors of any two pieces are: (pieces, pieces) cosines; what points apart is left blank."""
    says = "%{y} and %{x} are %{z:.0%} alike<extra></extra>"
    return _square_map(cosines, pieces, says)


def cross_similarity(cosines: np.ndarray, first: Sequence[str], second: Sequence[str]) -> "go.Figure":
    """How alike the pieces of two texts are: (pieces of the first, pieces of the second) cosines."""
    says = "%{y} of the first and %{x} of the second are %{z:.0%} alike<extra></extra>"
    return _square_map(cosines, second, says, first)


def attention_map(weights: np.ndarray, pieces: Sequence[str]) -> "go.Figure":
    """Where each piece (row) looks: (pieces, pieces) weights, every row adds up to 1."""
    says = "%{y} spends %{z:.1%} of its attention on %{x}<extra></extra>"
    return _square_map(weights, pieces, says)


def looks_of_first(weights: np.ndarray, pieces: Sequence[str]) -> "go.Figure":
    """Where the first piece looks, layer by layer: (layers, pieces) weights."""
    import plotly.graph_objects as go

    figure = go.Figure(go.Heatmap(
        z=np.asarray(weights, dtype=np.float32), y0=1, dy=1, zmin=0, zmax=1,
        colorscale=one_hue(), colorbar=scale(".0%"),
        hovertemplate="in layer %{y} it spends %{z:.1%} of its attention on %{x}<extra></extra>",
    ))  # fmt: skip
    dress(figure, "", "layer", height=80 + 30 * len(weights), legend=False)
    name_axis(figure.layout.xaxis, pieces)
    return figure.update_yaxes(dtick=1, showgrid=False)


def _square_map(values: np.ndarray, pieces: Sequence[str], says: str, rows: Sequence[str] | None = None) -> "go.Figure":
    import plotly.graph_objects as go

    figure = go.Figure(go.Heatmap(
        z=np.asarray(values, dtype=np.float32), zmin=0, zmax=1, colorscale=one_hue(), hovertemplate=says,
        colorbar=scale(".0%"),
    ))  # fmt: skip
    rows = pieces if rows is None else rows
    dress(figure, "", "", height=tall(len(rows)), legend=False)
    name_axis(figure.layout.xaxis, pieces)
    name_axis(figure.layout.yaxis, rows)
    return figure.update_yaxes(autorange="reversed")
