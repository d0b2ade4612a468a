"""Every colour of senti, and what it stands for."""

from collections.abc import Sequence
from typing import Any

from senti.corpus import grades, ordered

POSITIVE, NEGATIVE = "#0072B2", "#D55E00"  # Okabe & Ito (2008): told apart by colour-blind eyes
ACCENT, QUIET, INK = "#4f46e5", "#5b687d", "#1e293b"
METHOD_COLORS = {
    "majority": "#999999", "tfidf": "#E69F00", "svm": "#56B4E9", "lora": "#009E73", "finetune": "#CC79A7",
    "distill": "#7f5539", "ensemble": "#8c6bb1", "prompt": "#b8a900",
}  # fmt: skip
UNORDERED = ("#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8c6bb1", "#999999", "#b8a900", "#7f5539")
DARK = {POSITIVE: "#4da3d9", NEGATIVE: "#e8803a", ACCENT: "#818cf8", QUIET: "#9aa7bd", INK: "#e6eaf2"}
DASHES = ("solid", "dash", "dot", "dashdot")


def label_colors(labels: Sequence[str]) -> dict[str, str]:
    """A colour per label: grades from worst to best through grey, in that order; other labels in unordered hues."""
    found = grades(labels)
    if found is None:
        return {label: UNORDERED[i % len(UNORDERED)] for i, label in enumerate(labels)}
    place, reach = dict(zip(labels, found, strict=True)), max(map(abs, found), default=0) or 1
    return {label: _between(0.5 + place[label] / reach / 2) for label in ordered(labels)}


def _between(share: float) -> str:
    """The colour of a grade: 0 is the worst, 1 the best."""
    ends = [NEGATIVE, "#8A94A6", POSITIVE]
    low, high = (ends[0], ends[1]) if share < 0.5 else (ends[1], ends[2])
    mix = (share % 0.5) * 2 if share < 1 else 1.0
    pairs = ((int(low[i : i + 2], 16), int(high[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(a + (b - a) * mix):02X}" for a, b in pairs)


def one_hue() -> list[list[Any]]:
    """From nothing at 0 to the accent at 1; steep at first, for most attention weights are small."""
    return [[share, f"rgba(99,91,240,{alpha})"] for share, alpha in ((0, 0), (0.1, 0.22), (0.4, 0.55), (1, 1))]


def two_signs() -> list[list[Any]]:
    """Two hues that fade into nothing at zero, the middle."""
    below, above = "rgba(13,148,136,{})", "rgba(99,91,240,{})"
    return [[0, below.format(1)], [0.5, below.format(0)], [0.5, above.format(0)], [1, above.format(1)]]


def run_styles(curves: Sequence[tuple[str, str, Any]]) -> list[tuple[str, str, str]]:
    """Title, colour and dash of curves (title, method, ...): runs of one method share its colour, dashes tell them."""
    out, seen = [], dict.fromkeys((method for _, method, _ in curves), 0)
    for title, method, _ in curves:
        out.append((title, METHOD_COLORS.get(method, ACCENT), DASHES[seen[method] % len(DASHES)]))
        seen[method] += 1
    return out
