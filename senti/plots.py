"""Tables and arrays in, plotly figures out; every colour of senti is declared here.

A figure has no title (the label beside it is its title), a transparent ground that suits the light and the dark page,
its legend on top, and hovers that read as sentences.
"""

import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import plotly.graph_objects as go

POSITIVE, NEGATIVE = "#0072B2", "#D55E00"  # Okabe & Ito (2008): told apart by colour-blind eyes
ACCENT, QUIET, INK = "#4f46e5", "#5b687d", "#1e293b"
GRID = "rgba(128,128,128,.25)"
FONT = "Source Sans Pro, system-ui, sans-serif"
METHOD_COLORS = {
    "majority": "#999999", "tfidf": "#E69F00", "svm": "#56B4E9", "lora": "#009E73", "finetune": "#CC79A7",
    "ensemble": "#8c6bb1",
}  # fmt: skip
UNORDERED = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8c6bb1", "#999999", "#b8a900", "#7f5539")
DARK = {POSITIVE: "#4da3d9", NEGATIVE: "#e8803a", ACCENT: "#818cf8", QUIET: "#9aa7bd", INK: "#e6eaf2"}
ORDERED_WORDS = re.compile(r"negative|neutral|positive|star|bad|good|^\W*\d+\W*$", re.IGNORECASE)
MOST_LABELLED = 40  # pieces on an axis up to which each gets a full-size label


def label_colors(labels: Sequence[str]) -> dict[str, str]:
    """A colour per label: the sentiment pair for two ends, a scale through grey for grades, else unordered hues."""
    if not all(ORDERED_WORDS.search(label) for label in labels):
        return {label: UNORDERED[i % len(UNORDERED)] for i, label in enumerate(labels)}
    steps = np.linspace(0, 1, len(labels)) if len(labels) > 1 else np.zeros(1)
    return dict(zip(labels, map(_grade, steps), strict=True))


def plain(text: object) -> str:
    """Text that a figure shows letter by letter: no markup, no formulas."""
    return html.escape(str(text), quote=False).replace("$", "&#36;").replace("\n", " ")


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
    _dress(figure, "words in a review", "reviews", height=270, hovermode="x unified")
    return figure.update_yaxes(rangemode="tozero")


def telling_words(words: pd.DataFrame, labels: Sequence[str]) -> "go.Figure":
    """The words that speak most for each label; columns label, word, log_odds, count (Monroe et al. 2008)."""
    from plotly.subplots import make_subplots

    columns = min(len(labels), 3)
    rows = -(-len(labels) // columns)
    names = [f"speaks for {plain(label)}" for label in labels]
    figure = make_subplots(rows, columns, horizontal_spacing=0.03, vertical_spacing=0.16, subplot_titles=names)
    for i, (label, color) in enumerate(label_colors(labels).items()):
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
    _dress(figure, "", "", height=70 + rows * (26 * shown + 30))
    return figure.update_layout(margin={"t": 34, "b": 8, "l": 8, "r": 8}, bargap=0.16)


def hidden_states(layer: np.ndarray, pieces: Sequence[str]) -> "go.Figure":
    """One layer's vectors, (pieces, width): a row per piece, a column per number."""
    import plotly.graph_objects as go

    reach = float(np.quantile(np.abs(layer), 0.99)) or 1.0
    figure = go.Figure(go.Heatmap(
        z=np.asarray(layer, dtype=np.float32), x0=1, dx=1, zmin=-reach, zmax=reach, colorscale=_two_signs(),
        hovertemplate="number %{x} of " + str(layer.shape[1]) + " for %{y} is %{z:.2f}<extra></extra>",
        colorbar=_scale(".1f"),
    ))  # fmt: skip
    _dress(figure, "the numbers of each vector", "", height=_tall(len(pieces)) - 40, legend=False)
    _name_axis(figure.layout.yaxis, pieces)
    return figure.update_yaxes(autorange="reversed").update_xaxes(showgrid=False, range=[0.5, layer.shape[1] + 0.5])


def similarity_map(cosines: np.ndarray, pieces: Sequence[str]) -> "go.Figure":
    """How alike the vectors of any two pieces are: (pieces, pieces) cosines; what points apart is left blank."""
    says = "%{y} and %{x} are %{z:.0%} alike<extra></extra>"
    return _square_map(cosines, pieces, says)


def attention_map(weights: np.ndarray, pieces: Sequence[str]) -> "go.Figure":
    """Where each piece (row) looks: (pieces, pieces) weights, every row adds up to 1."""
    says = "%{y} spends %{z:.1%} of its attention on %{x}<extra></extra>"
    return _square_map(weights, pieces, says)


def looks_of_first(weights: np.ndarray, pieces: Sequence[str]) -> "go.Figure":
    """Where the first piece looks, layer by layer: (layers, pieces) weights."""
    import plotly.graph_objects as go

    figure = go.Figure(go.Heatmap(
        z=np.asarray(weights, dtype=np.float32), y0=1, dy=1, zmin=0, zmax=1,
        colorscale=one_hue(), colorbar=_scale(".0%"),
        hovertemplate="in layer %{y} it spends %{z:.1%} of its attention on %{x}<extra></extra>",
    ))  # fmt: skip
    _dress(figure, "", "layer", height=80 + 30 * len(weights), legend=False)
    _name_axis(figure.layout.xaxis, pieces)
    return figure.update_yaxes(dtick=1, showgrid=False)


def confusion(matrix: Sequence[Sequence[int]], labels: Sequence[str]) -> "go.Figure":
    """What was called what: row i, column j counts texts of class i called class j; coloured by share of the row."""
    import plotly.graph_objects as go

    counts = np.asarray(matrix)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    says = [[_confusion_sentence(counts[i, j], shares[i, j], labels[i], labels[j]) for j in range(len(labels))]
            for i in range(len(labels))]  # fmt: skip
    figure = go.Figure(go.Heatmap(
        z=shares, zmin=0, zmax=1, colorscale=one_hue(), showscale=False, hovertext=says, hoverinfo="text",
        text=[[f"{n:,}" for n in row] for row in counts], texttemplate="%{text}", textfont={"size": 17}, xgap=2, ygap=2,
    ))  # fmt: skip
    _dress(figure, "what the method said", "what it is", height=110 + 56 * len(labels), legend=False)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        _name_axis(axis, labels)
    return figure.update_yaxes(autorange="reversed")


def loss_curves(events: pd.DataFrame) -> "go.Figure":
    """Training loss as a thin grey line, validation loss as the accent with markers, over the steps of the run."""
    import plotly.graph_objects as go

    figure = go.Figure()
    train, validation = _curve(events, "train", "loss"), _curve(events, "validation", "loss")
    figure.add_scatter(
        x=train["step"],
        y=train["loss"],
        name="training loss",
        mode="lines",
        line={"color": QUIET, "width": 1.5},
        hovertemplate="after step %{x:,} the training loss was %{y:.3f}<extra></extra>",
    )
    figure.add_scatter(
        x=validation["step"], y=validation["loss"], name="validation loss", mode="lines+markers",
        line={"color": ACCENT, "width": 3}, marker={"size": 9},
        hovertemplate="after step %{x:,} the validation loss was %{y:.3f}<extra></extra>",
    )  # fmt: skip
    return _over_steps(figure, events, "loss", height=300)


def accuracy_curve(events: pd.DataFrame) -> "go.Figure":
    """Validation accuracy over the steps of the run, in per cent."""
    import plotly.graph_objects as go

    rows = _curve(events, "validation", "accuracy")
    figure = go.Figure(go.Scatter(
        x=rows["step"], y=rows["accuracy"], name="validation accuracy", mode="lines+markers",
        line={"color": ACCENT, "width": 3}, marker={"size": 9}, showlegend=True,
        hovertemplate="after step %{x:,}, %{y:.1%} of the validation reviews were right<extra></extra>",
    ))  # fmt: skip
    return _over_steps(figure, events, "right answers", height=240).update_yaxes(tickformat=".0%")


def learning_rate(events: pd.DataFrame) -> "go.Figure":
    """The learning rate over the steps of the run."""
    import plotly.graph_objects as go

    rows = _curve(events, "train", "lr")
    figure = go.Figure(go.Scatter(
        x=rows["step"], y=rows["lr"], name="learning rate", mode="lines", line={"color": QUIET, "width": 2},
        showlegend=True, hovertemplate="step %{x:,} moved the weights at a rate of %{y:.1e}<extra></extra>",
    ))  # fmt: skip
    return _over_steps(figure, events, "learning rate", height=240).update_yaxes(tickformat=".0e", rangemode="tozero")


def results_dots(table: pd.DataFrame) -> "go.Figure":
    """Test accuracy with its 95 % interval, a line per run of a results table (title, method, test, test_low, ...)."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for place, run in enumerate(table.itertuples()):
        says = (f"{plain(run.title)} gets {run.test:.1%} of {run.n_test:,} test reviews right; "
                f"95 % interval {run.test_low:.1%} to {run.test_high:.1%}")  # fmt: skip
        figure.add_scatter(
            x=[run.test], y=[place], mode="markers", text=[says], hoverinfo="text", showlegend=False,
            marker={"color": METHOD_COLORS.get(str(run.method), QUIET), "size": 13},
            error_x={"array": [run.test_high - run.test], "arrayminus": [run.test - run.test_low], "thickness": 2.5},
        )  # fmt: skip
    _dress(figure, "right answers on the test reviews", "", height=70 + 34 * max(1, len(table)), legend=False)
    _name_axis(figure.layout.yaxis, list(table["title"]))
    return figure.update_yaxes(autorange="reversed").update_xaxes(tickformat=".0%")


def one_hue() -> list[list[Any]]:
    """From nothing at 0 to the accent at 1; steep at first, for most attention weights are small."""
    return [[share, f"rgba(99,91,240,{alpha})"] for share, alpha in ((0, 0), (0.1, 0.22), (0.4, 0.55), (1, 1))]


def _two_signs() -> list[list[Any]]:
    """Two hues that fade into nothing at zero, the middle."""
    below, above = "rgba(13,148,136,{})", "rgba(99,91,240,{})"
    return [[0, below.format(1)], [0.5, below.format(0)], [0.5, above.format(0)], [1, above.format(1)]]


def _grade(share: float) -> str:
    ends = [NEGATIVE, "#8A94A6", POSITIVE]
    low, high = (ends[0], ends[1]) if share < 0.5 else (ends[1], ends[2])
    mix = (share % 0.5) * 2 if share < 1 else 1.0
    pairs = ((int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * mix):02X}" for a, b in pairs)


def _length_sentence(label: str, n: int, start: int, end: int, *, last: bool, top: int) -> str:
    words = f"{start} words" if end - start == 1 else f"{start} to {end - 1} words"
    return f"{n:,} {plain(label)} reviews have {f'{start} words or more' if last else words}"


def _confusion_sentence(n: int, share: float, truth: str, said: str) -> str:
    return f"{n:,} {plain(truth)} reviews were called {plain(said)}: {share:.0%} of them"


def _square_map(values: np.ndarray, pieces: Sequence[str], says: str) -> "go.Figure":
    import plotly.graph_objects as go

    figure = go.Figure(go.Heatmap(
        z=np.asarray(values, dtype=np.float32), zmin=0, zmax=1, colorscale=one_hue(), hovertemplate=says,
        colorbar=_scale(".0%"),
    ))  # fmt: skip
    _dress(figure, "", "", height=_tall(len(pieces)), legend=False)
    for axis in (figure.layout.xaxis, figure.layout.yaxis):
        _name_axis(axis, pieces)
    return figure.update_yaxes(autorange="reversed")


def _scale(form: str) -> dict[str, Any]:
    return {"thickness": 12, "outlinewidth": 0, "tickformat": form, "nticks": 5}


def _tall(pieces: int) -> int:
    return int(np.clip(120 + 26 * pieces, 300, 760))


def _name_axis(axis: Any, names: Sequence[str]) -> None:
    """Name the places of an axis; by position, since a piece may occur twice."""
    size = 14 if len(names) <= MOST_LABELLED else 10
    axis.update(tickmode="array", tickvals=list(range(len(names))), ticktext=[plain(name) for name in names],
                tickfont={"size": size}, showgrid=False, zeroline=False, automargin=True)  # fmt: skip


def _curve(events: pd.DataFrame, split: str, column: str) -> pd.DataFrame:
    rows = events[events["split"] == split]
    return pd.DataFrame({name: pd.to_numeric(rows[name]) for name in ("step", column)}).dropna()


def _over_steps(figure: "go.Figure", events: pd.DataFrame, y: str, height: int) -> "go.Figure":
    """Fix the x axis to the whole run, so that a live curve grows into its frame."""
    steps = pd.to_numeric(events[["step", "total_steps"]].stack()) if len(events) else pd.Series([1.0])
    end = max(1.0, float(steps.max()))
    return _dress(figure, "step", y, height, hovermode="x unified").update_xaxes(range=[0, end * 1.02])


def _dress(
    figure: "go.Figure", x: str, y: str, height: int, *, legend: bool = True, hovermode: str = "closest"
) -> "go.Figure":
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
