"""What all figures share: the ground, the axes, the hover box, and text that stays text."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from senti.plots.palette import QUIET
from senti.signs import seen

if TYPE_CHECKING:
    import plotly.graph_objects as go

GRID = "rgba(128,128,128,.25)"
FONT = "Source Sans Pro, system-ui, sans-serif"
MOST_LABELLED = 40  # pieces on an axis up to which each gets a full-size label


def plain(text: object) -> str:
    """Text that a figure shows letter by letter: no markup, no formulas."""
    return html.escape(seen(str(text)), quote=False).replace("$", "&#36;").replace("\n", " ")


def dress(
    figure: "go.Figure", x: str, y: str, height: int, *, legend: bool = True, hovermode: str = "closest"
) -> "go.Figure":
    """Give a figure its ground, fonts, hover box and the words on its axes."""
    axis = {"gridcolor": GRID, "zeroline": False, "linecolor": GRID, "automargin": True, "tickformat": ",",
            "title": {"standoff": 8, "font": {"size": 14}}}  # fmt: skip
    figure.update_layout(
        template="none", height=height, font={"family": FONT, "size": 14, "color": QUIET},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)",
        margin={"t": 36 if legend else 8, "r": 12, "b": 44 if x else 24, "l": 52},
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 15}},
        hoverlabel={"font": {"size": 15, "family": FONT, "color": "#fff"}, "align": "left",
                    "bgcolor": "#111827", "bordercolor": "#111827"},
        hovermode=hovermode, uirevision="senti",
    )  # fmt: skip
    figure.update_xaxes(**axis, title_text=x, unifiedhovertitle={"text": " "})
    return figure.update_yaxes(**axis, title_text=y)


def draw_floor(figure: "go.Figure", share: float) -> None:
    """A dotted line at what always answering the most frequent label gets right, with its name."""
    figure.add_hline(y=share, line={"color": QUIET, "width": 1.5, "dash": "dot"})
    figure.add_annotation(x=1, xref="paper", y=share, text="always the same label", showarrow=False, yshift=10,
                          xanchor="right", font={"size": 14, "color": QUIET})  # fmt: skip


def name_axis(axis: Any, names: Sequence[str]) -> None:
    """Name the places of an axis; by position, since a piece may occur twice."""
    size = 14 if len(names) <= MOST_LABELLED else 10
    axis.update(tickmode="array", tickvals=list(range(len(names))), ticktext=[plain(name) for name in names],
                tickfont={"size": size}, showgrid=False, zeroline=False, automargin=True)  # fmt: skip


def scale(form: str) -> dict[str, Any]:
    """The bar that tells what the colours of a map mean; `form` is how its numbers are written."""
    return {"thickness": 12, "outlinewidth": 0, "tickformat": form, "nticks": 5}


def tall(pieces: int) -> int:
    """The height in pixels of a map with a row per piece."""
    return int(np.clip(120 + 26 * pieces, 300, 760))
