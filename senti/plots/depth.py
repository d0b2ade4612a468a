"""Figures over the depth of a transformer: what each layer knows, and how far it moved."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from senti.plots.frame import dress, plain
from senti.plots.palette import ACCENT, METHOD_COLORS, QUIET, run_styles

if TYPE_CHECKING:
    import plotly.graph_objects as go


def probe_curves(curves: Sequence[tuple[str, str, pd.DataFrame]], chance: float) -> "go.Figure":
    """Validation accuracy of a linear probe per layer with its interval, and the shuffled-label control.

    curves: (title, method, frame with layer, accuracy, low, high, control, n) each, of one pooling.  chance: the
    share of the most frequent label.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for (title, color, dash), (_, _, rows) in zip(run_styles(curves), curves, strict=True):
        says = [f"{plain(title)}, {_place(r.layer)}: a line gets {r.accuracy:.1%} of {r.n:,} reviews right "
                f"(95 % interval {r.low:.1%} to {r.high:.1%}); from shuffled labels {r.control:.1%}"
                for r in rows.itertuples()]  # fmt: skip
        figure.add_scatter(
            x=rows["layer"], y=rows["accuracy"], name=plain(title), text=says, hoverinfo="text", mode="lines+markers",
            line={"color": color, "width": 2.5, "dash": dash}, marker={"size": 8},
            error_y={"array": rows["high"] - rows["accuracy"], "arrayminus": rows["accuracy"] - rows["low"],
                     "thickness": 1.2, "width": 3},
        )  # fmt: skip
    for i, (_, _, rows) in enumerate(curves):
        figure.add_scatter(
            x=rows["layer"], y=rows["control"], name="from shuffled labels", mode="lines", hoverinfo="skip",
            line={"color": QUIET, "width": 1.2, "dash": "dot"}, legendgroup="control", showlegend=i == 0,
        )  # fmt: skip
    dress(figure, "layer (0: the embeddings)", "right on validation", height=380)
    figure.add_hline(y=chance, line={"color": QUIET, "width": 1}, annotation_text="the most frequent label",
                     annotation_position="bottom right", annotation_font={"color": QUIET, "size": 13})  # fmt: skip
    return figure.update_xaxes(dtick=1).update_yaxes(tickformat=".0%")


def drift_curves(curves: Sequence[tuple[str, str, pd.DataFrame]]) -> "go.Figure":
    """Per layer, linear CKA (solid) and mean cosine (dashed) to the backbone: 1 is no change.

    curves: (title, method, frame with layer, cka, cosine) each, of one pooling.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for (title, color, _), (_, _, rows) in zip(run_styles(curves), curves, strict=True):
        for column, name, dash in (("cka", "CKA", "solid"), ("cosine", "cosine", "dash")):
            says = [f"{plain(title)}, {_place(layer)}: {name} to the backbone {value:.3f}"
                    for layer, value in zip(rows["layer"], rows[column], strict=True)]  # fmt: skip
            figure.add_scatter(
                x=rows["layer"], y=rows[column], name=f"{plain(title)}: {name}", text=says, hoverinfo="text",
                mode="lines+markers", line={"color": color, "width": 2.5, "dash": dash}, marker={"size": 7},
            )  # fmt: skip
    dress(figure, "layer (0: the embeddings)", "likeness to the backbone", height=380)
    return figure.update_xaxes(dtick=1).update_yaxes(range=[None, 1.03])


def parting_curves(
    curves: Sequence[tuple[str, str, pd.DataFrame]], label: str, others: str, layer: int | None
) -> "go.Figure":
    """What each layer's probe says of one text: its margin for a label; above zero it says so, below it does not.

    curves: (title, method, frame with layer, label, margin) each.  others: what stands below zero.  layer: where the
    curves part, if they do.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for (title, color, dash), (_, _, rows) in zip(run_styles(curves), curves, strict=True):
        says = [f"{plain(title)}, {_place(r.layer)}: its probe says {plain(r.label)}, "
                f"{abs(r.margin):.2f} from the line" for r in rows.itertuples()]  # fmt: skip
        figure.add_scatter(
            x=rows["layer"], y=rows["margin"], name=plain(title), text=says, hoverinfo="text", mode="lines+markers",
            line={"color": color, "width": 2.5, "dash": dash}, marker={"size": 8},
        )  # fmt: skip
    dress(figure, "layer (0: the embeddings)", f"{plain(others)}  ←  0  →  {plain(label)}", height=340)
    figure.add_hline(y=0, line={"color": QUIET, "width": 1})
    if layer is not None:
        figure.add_vline(x=layer - 0.5, line={"color": QUIET, "width": 1.5, "dash": "dot"},
                         annotation_text="they part", annotation_position="top right", annotation_xshift=4,
                         annotation_font={"color": QUIET, "size": 14})  # fmt: skip
    return figure.update_xaxes(dtick=1).update_yaxes(tickformat=".1f")


def word_drift(drift: pd.DataFrame) -> "go.Figure":
    """How alike two texts are per layer: columns layer, what ([CLS], mean, words of both), cosine."""
    import plotly.graph_objects as go

    figure = go.Figure()
    names = list(drift["what"].unique())
    for i, name in enumerate(names):
        rows = drift[drift["what"] == name]
        whole = name in ("[CLS]", "mean")
        shown = {"[CLS]": "[CLS]", "mean": "mean of all pieces"}.get(name, f"“{plain(name)}”")
        says = [f"{shown} of the one and of the other, {_place(layer)}: cosine {value:.2f}"
                for layer, value in zip(rows["layer"], rows["cosine"], strict=True)]  # fmt: skip
        color = ACCENT if name == "[CLS]" else QUIET if whole else list(METHOD_COLORS.values())[1:][i % 5]
        figure.add_scatter(
            x=rows["layer"], y=rows["cosine"], name=shown, text=says, hoverinfo="text", mode="lines+markers",
            line={"color": color, "width": 3 if whole else 1.8, "dash": "solid" if whole else "dot"},
            marker={"size": 7},
        )  # fmt: skip
    dress(figure, "layer (0: the embeddings)", "cosine between the two texts", height=380)
    return figure.update_xaxes(dtick=1).update_yaxes(range=[None, 1.03], tickformat=".2f")


def _place(layer: int) -> str:
    return "at the embeddings" if layer == 0 else f"layer {layer}"
