"""A figure of ours as SVG, for where no script runs: lines, dots with their intervals, heat maps.

Plotly itself draws pictures only with a browser beside it; this knows just the traces that senti's reports use.
"""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from senti.plots.palette import INK, QUIET

if TYPE_CHECKING:
    import plotly.graph_objects as go

WIDTH, TOP, RIGHT, BOTTOM = 860, 14, 24, 52
LETTER = 8.0  # about the width of a letter at 14 px
GRID = "#dfe3ec"


@dataclass(frozen=True)
class Axis:
    """A scale from data to pixels, and its ticks with their words."""

    low: float
    high: float
    start: float
    end: float
    log: bool
    ticks: Sequence[float]
    words: Sequence[str]
    title: str

    def at(self, value: Any) -> float:
        """The pixel of a value."""
        place = math.log10(value) if self.log else float(value)
        return self.start + (place - self.low) / ((self.high - self.low) or 1) * (self.end - self.start)


def to_svg(figure: "go.Figure") -> str:
    """The figure, 860 wide and as tall as its layout says, on white."""
    layout, traces = figure.layout, list(figure.data)
    names = [(trace.name, _color(trace)) for trace in traces if trace.name and trace.showlegend is not False]
    names = names if len(names) > 1 else []
    top, height = TOP + 26 * bool(names), float(layout.height or 300)
    y = _axis(layout.yaxis, _values(traces, "y"), height - BOTTOM, top, flip=layout.yaxis.autorange == "reversed")
    left = 16 + LETTER * max((len(word) for word in y.words), default=0) + 24 * bool(y.title)
    x = _axis(layout.xaxis, _values(traces, "x"), left, WIDTH - RIGHT)
    grid = all(trace.type != "heatmap" for trace in traces)
    parts = [*_ground(x, y, left, height, grid=grid), *_legend(names)]
    for trace in traces:
        parts += _heat(trace, x, y) if trace.type == "heatmap" else _scatter(trace, x, y)
    parts += [_text(note.text, x.at(note.x), y.at(note.y) + 6, fill=note.font.color or INK, size=16, anchor="middle")
              for note in layout.annotations]  # fmt: skip
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" '
            f'font-family="system-ui, sans-serif" font-size="14"><rect width="{WIDTH}" height="{height:.0f}" '
            f'fill="#fff"/>{"".join(parts)}</svg>\n')  # fmt: skip


def _values(traces: Sequence[Any], side: str) -> list[float]:
    """All that must fit on an axis, the ends of intervals among it."""
    out: list[float] = []
    for trace in traces:
        if trace.type == "heatmap":
            n = len(trace.z) if side == "y" else len(trace.z[0])
            out += [-0.5, n - 0.5]
            continue
        values = [float(value) for value in trace[side]]
        error = trace[f"error_{side}"]
        up = _list(error.array) or [0.0] * len(values)
        down = _list(error.arrayminus) or up
        out += [v + u for v, u in zip(values, up, strict=True)] + [v - d for v, d in zip(values, down, strict=True)]
    return out


def _axis(spec: Any, values: Sequence[float], start: float, end: float, *, flip: bool = False) -> Axis:
    log = spec.type == "log"
    if spec.range:
        low, high = map(float, spec.range)
    else:
        low, high = min(values, default=0.0), max(values, default=1.0)
        low = 0.0 if spec.rangemode == "tozero" else low
        room = 0.0 if spec.tickmode == "array" and low == -0.5 else 0.04 * ((high - low) or 1)
        low, high = low - room * (low != 0), high + room
    if spec.ticktext:
        ticks, words = list(spec.tickvals), [html.unescape(str(word)) for word in spec.ticktext]
        low, high = (-0.5, len(words) - 0.5)
    else:
        ticks = [v for v in spec.tickvals if low <= math.log10(v) <= high] if log else _nice(low, high)
        words = [_tick(value, spec.tickformat or "", ticks) for value in ticks]
    if flip:
        start, end = end, start
    return Axis(low, high, start, end, log, ticks, words, html.unescape(spec.title.text or ""))


def _nice(low: float, high: float) -> list[float]:
    """Four to nine round numbers from low to high."""
    span = (high - low) or 1
    step = 10 ** math.floor(math.log10(span / 4))
    step *= next(m for m in (1, 2, 5, 10) if span / (step * m) <= 8)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _tick(value: float, form: str, ticks: Sequence[float]) -> str:
    if form.endswith("%"):
        fine = len(ticks) > 1 and ticks[1] - ticks[0] < 0.0099
        return f"{value:.{1 if fine else 0}%}"
    if form == "~s":
        size = next(((n, unit) for n, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")) if value >= n), (1, ""))
        return f"{value / size[0]:g}{size[1]}"
    return f"{value:,g}"


def _ground(x: Axis, y: Axis, left: float, height: float, *, grid: bool) -> list[str]:
    """Grid, ticks and the words on the axes."""
    low, high = sorted((y.start, y.end))
    lines = [f"M{x.at(v):.1f} {low:.1f}V{high:.1f}" for v in x.ticks]
    lines += [f"M{left:.1f} {y.at(v):.1f}H{x.end:.1f}" for v in y.ticks]
    parts = [f'<path d="{"".join(lines)}" stroke="{GRID}"/>'] if grid else []
    parts += [_text(w, x.at(v), high + 18, anchor="middle") for v, w in zip(x.ticks, x.words, strict=True)]
    parts += [_text(w, left - 8, y.at(v) + 5, anchor="end") for v, w in zip(y.ticks, y.words, strict=True)]
    if x.title:
        parts.append(_text(x.title, (left + x.end) / 2, height - 10, anchor="middle"))
    if y.title:
        parts.append(f'<g transform="translate(14 {(low + high) / 2:.0f}) rotate(-90)">'
                     f'{_text(y.title, 0, 0, anchor="middle")}</g>')  # fmt: skip
    return parts


def _legend(names: Sequence[tuple[str, str]]) -> list[str]:
    parts, at = [], 60.0
    for name, color in names:
        said = html.unescape(name)
        parts += [f'<rect x="{at:.0f}" y="10" width="16" height="6" rx="3" fill="{color}"/>', _text(said, at + 22, 18)]
        at += 46 + LETTER * len(said)
    return parts


def _scatter(trace: Any, x: Axis, y: Axis) -> list[str]:
    mode, color = trace.mode or "lines", _color(trace)
    spots = [(x.at(a), y.at(b)) for a, b in zip(trace.x, trace.y, strict=True)]
    parts = []
    if "lines" in mode and spots:
        steps = trace.line.shape == "hv"
        way = "".join(f"H{a:.1f}V{b:.1f}" if steps else f"L{a:.1f} {b:.1f}" for a, b in spots[1:])
        parts.append(f'<path d="M{spots[0][0]:.1f} {spots[0][1]:.1f}{way}" fill="none" stroke="{color}" '
                     f'stroke-width="{trace.line.width or 2}" stroke-linejoin="round"/>')  # fmt: skip
    parts += _intervals(trace, x, y, color)
    if "markers" in mode:
        radius = float(trace.marker.size or 8) / 2
        parts += [f'<circle cx="{a:.1f}" cy="{b:.1f}" r="{radius:g}" fill="{color}"/>' for a, b in spots]
    if "text" in mode:
        parts += [_text(html.unescape(str(word)), a + 11, b + 5, fill=INK)
                  for (a, b), word in zip(spots, trace.text, strict=True)]  # fmt: skip
    return parts


def _intervals(trace: Any, x: Axis, y: Axis, color: str) -> list[str]:
    parts = []
    for side, axis, other in (("x", x, y), ("y", y, x)):
        error = trace[f"error_{side}"]
        along, across = trace[side], trace["y" if side == "x" else "x"]
        for value, place, up, down in zip(
            along, across, _list(error.array), _list(error.arrayminus) or _list(error.array), strict=False
        ):
            ends = axis.at(value - down), axis.at(value + up)
            d = (f"M{ends[0]:.1f} {other.at(place):.1f}H{ends[1]:.1f}" if side == "x"
                 else f"M{other.at(place):.1f} {ends[0]:.1f}V{ends[1]:.1f}")  # fmt: skip
            parts.append(f'<path d="{d}" stroke="{color}" stroke-width="3" opacity=".55"/>')
    return parts


def _heat(trace: Any, x: Axis, y: Axis) -> list[str]:
    parts = []
    for i, row in enumerate(trace.z):
        for j, share in enumerate(row):
            across, down = sorted((x.at(j - 0.5), x.at(j + 0.5))), sorted((y.at(i - 0.5), y.at(i + 0.5)))
            parts.append(f'<rect x="{across[0] + 1:.1f}" y="{down[0] + 1:.1f}" width="{across[1] - across[0] - 2:.1f}" '
                         f'height="{down[1] - down[0] - 2:.1f}" fill="rgb(99,91,240)" '
                         f'fill-opacity="{min(1.0, float(share)):.2f}"/>')  # fmt: skip
    return parts


def _text(words: str, x: float, y: float, *, fill: str = QUIET, size: int = 14, anchor: str = "start") -> str:
    return (f'<text x="{x:.1f}" y="{y:.1f}" fill="{html.escape(fill)}" font-size="{size}" text-anchor="{anchor}">'
            f"{html.escape(str(words))}</text>")  # fmt: skip


def _color(trace: Any) -> str:
    return str((trace.line.color if "lines" in (trace.mode or "") else trace.marker.color) or QUIET)


def _list(values: Any) -> list[float]:
    return [] if values is None else [float(value) for value in values]
