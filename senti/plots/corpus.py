"""Figures of a corpus: how long its texts are, and which words tell its labels apart."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from senti.plots.frame import dress, plain
from senti.plots.palette import INK, label_colors

if TYPE_CHECKING:
    import plotly.graph_objects as go


def length_histogram(lengths: pd.DataFrame, labels: Sequence[str], bins: int = 36) -> "go.Figure":
    """How long the texts are, one outline per label; `lengths` has columns label (its name) and words."""
    import plotly.graph_objects as go

    longest = max(1, int(np.ceil(lengths["words"].quantile(0.995)))) if len(lengths) else 1
    width = max(1, -(-longest // bins))  # whole words, all bins alike, or the outline would show teeth
    edges = np.arange(0, longest + width + 1, width)
    figure = go.Figure()
    for label, color in label_colors(labels).items():
        words = lengths.loc[lengths["label"] == label, "words"].clip(upper=longest)
        counts = np.histogram(words, bins=edges)[0]
        says = [_length_sentence(label, n, a, b, last=b == edges[-1], top=longest)
                for n, a, b in zip(counts, edges[:-1], edges[1:], strict=True)]  # fmt: skip
        figure.add_scatter(
            x=np.append(edges[:-1], edges[-1]), y=np.append(counts, counts[-1:]), name=plain(label), mode="lines",
            line={"color": color, "width": 2.5, "shape": "hv"}, text=[*says, *says[-1:]], hoverinfo="text",
        )  # fmt: skip
    dress(figure, "words in a review", "reviews", height=270, hovermode="x unified")
    return figure.update_yaxes(rangemode="tozero")


def telling_words(words: pd.DataFrame, labels: Sequence[str]) -> "go.Figure":
    """The words that speak most for each label; columns label, word, log_odds, count (Monroe et al. 2008)."""
    from plotly.subplots import make_subplots

    columns = min(len(labels), 3)
    rows = -(-len(labels) // columns)
    colors = label_colors(labels)
    names = [f"speaks for {plain(label)}" if len(labels) == 2 else plain(label) for label in colors]
    figure = make_subplots(rows, columns, horizontal_spacing=0.03, vertical_spacing=0.16, subplot_titles=names)
    for i, (label, color) in enumerate(colors.items()):
        mine = words[words["label"] == label].sort_values("log_odds", ascending=False, kind="stable")
        says = [f"“{plain(w)}” stands {n:,} times in the reviews and speaks for {plain(label)}"
                for w, n in zip(mine["word"], mine["count"], strict=True)]  # fmt: skip
        row, column = i // columns + 1, i % columns + 1
        figure.add_bar(
            x=mine["log_odds"].to_numpy(), y=np.arange(len(mine)), orientation="h", row=row, col=column,
            marker={"color": color, "cornerradius": 3, "opacity": 0.3}, hovertext=says, hoverinfo="text", name="",
            showlegend=False,
        )  # fmt: skip
        for place, word in enumerate(mine["word"]):
            figure.add_annotation(x=0, y=place, text=plain(word), showarrow=False, xanchor="left", row=row, col=column,
                                  xshift=6, font={"size": 15, "color": INK})  # fmt: skip
    figure.update_yaxes(autorange="reversed", visible=False)
    figure.update_xaxes(visible=False, rangemode="tozero")
    shown = int(words.groupby("label").size().max()) if len(words) else 1
    dress(figure, "", "", height=70 + rows * (26 * shown + 30))
    return figure.update_layout(margin={"t": 34, "b": 8, "l": 8, "r": 8}, bargap=0.16)


def _length_sentence(label: str, n: int, start: int, end: int, *, last: bool, top: int) -> str:
    words = f"{start} words" if end - start == 1 else f"{start} to {end - 1} words"
    return f"{n:,} {plain(label)} reviews have {f'{start} words or more' if last else words}"
