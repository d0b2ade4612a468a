"""A text beside prompts: how near its vector is to each of theirs."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from senti.plots.frame import dress, name_axis, plain
from senti.plots.palette import QUIET, label_colors

if TYPE_CHECKING:
    import plotly.graph_objects as go

LONGEST = 42  # letters of a prompt beside its bar; the hover has all


def prompt_bars(table: pd.DataFrame, labels: Sequence[str]) -> "go.Figure":
    """A bar per prompt in the colour of its label.

    table: label, prompt, cosine.  labels: all of them, in their order.
    """
    import plotly.graph_objects as go

    figure, colors = go.Figure(), label_colors(labels)
    for label, rows in table.reset_index(drop=True).groupby("label", sort=False):
        says = [f"cosine {r.cosine:.3f} to «{plain(r.prompt)}», a prompt for {plain(label)}" for r in rows.itertuples()]
        figure.add_bar(
            x=rows["cosine"], y=rows.index, orientation="h", name=plain(label), marker={"color": colors[str(label)]},
            text=[f"{value:.2f}" for value in rows["cosine"]], textposition="outside", textfont={"color": QUIET},
            hovertext=says, hoverinfo="text", cliponaxis=False, width=0.6,
        )  # fmt: skip
    dress(figure, "cosine to the text", "", height=120 + 34 * len(table))
    name_axis(figure.layout.yaxis, [_short(prompt) for prompt in table["prompt"]])
    low, high = min(0.0, table["cosine"].min()), max(0.1, table["cosine"].max())
    figure.update_xaxes(range=[1.15 * low, 1.15 * high], tickformat=".2f", nticks=6)
    return figure.update_yaxes(autorange="reversed", ticklabelstandoff=6)


def _short(prompt: str) -> str:
    return prompt if len(prompt) <= LONGEST else f"{prompt[: LONGEST - 1]}…"
