"""Whether runs fail on the same reviews: all of them together, and two by two; a part opens its reviews."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from senti.evaluation import agreement, pair_agreement, split_reviews
from senti.numbers import percent
from senti.runs import Run
from senti.ui import html
from senti.ui.chosen import among, titles
from senti.ui.split_reviews import listed

PAIR_PARTS = {"both_right": "both right", "only_first": "only {} right", "only_second": "only {} right",
              "both_wrong": "both wrong"}  # fmt: skip
AGREEMENT = (
    "Methods that fail on different reviews can help each other, methods that fail on the same ones cannot. Two runs "
    "that give the same answers may do so by chance alone: kappa (κ) is 0 there, and 1 where they always agree."
)
KAPPA = ("Cohen 1960", "https://doi.org/10.1177/001316446002000104")


def agreements(runs: Sequence[Run], split: str, pair: tuple[str, str] | None = None) -> str:
    """What all runs get right together, how alike each two are, and the parts of one pair."""
    if len(runs) < 2:
        return html.empty_state("Choose two runs on the same reviews to see where they agree.")
    pairs, names = pair_agreement(runs, split), dict(zip([run.name for run in runs], titles(runs), strict=True))
    here = pairs.index[-1] if pair is None else _place(runs, pairs, pair)
    row = pairs.loc[here].to_dict()
    first, second = names[row["first"]], names[row["second"]]
    words = [PAIR_PARTS[part].format(first if part == "only_first" else second) for part in PAIR_PARTS]
    of_two = _bar([(f"pair {row['first']}|{row['second']}|{part}", says, row[part], row[part] / row["n"])
                   for part, says in zip(PAIR_PARTS, words, strict=True)])  # fmt: skip
    two = _panel(f"{first} and {second}", "click a part to read its reviews", of_two)
    if len(runs) == 2:
        alike = f"They give the same answer to {percent(row['same'])} of the reviews; κ is {_kappa(row['kappa'])}."
        return f'<div class="s-stack">{two}{html.paragraphs([alike])}</div>{html.what(AGREEMENT, *KAPPA)}'
    parts = [(f"all {r.part}", r.part, r.n, r.share) for r in agreement(runs, split).itertuples()]
    every = _panel(f"All {len(runs)} runs together", "click a part to read its reviews", _bar(parts))
    alike = _panel("Two by two", "share of equal answers, and κ; click a pair", _matrix(pairs, names, row))
    return (f'<div class="s-stack">{every}<div class="s-two">{alike}{two}</div></div>'
            f"{html.what(AGREEMENT, *KAPPA)}")  # fmt: skip


def together(runs: Sequence[Run], split: str, part: str) -> str:
    """The reviews that all, some or none of the runs get right."""
    rows = split_reviews(runs, split)
    return listed(rows[rows["part"] == part], runs, f"{part[0].upper()}{part[1:]}")


def pair_reviews(runs: Sequence[Run], split: str, pick: str) -> str:
    """The reviews of a part of a pair, `first|second|part`."""
    *keys, part = pick.split("|")
    places = [among(runs, key) for key in keys]
    two, (first, second) = [runs[i] for i in places], [titles(runs)[i] for i in places]
    rows = split_reviews(two, split)
    right = np.array([[said == r.label for said in r.said] for r in rows.itertuples()])
    wanted = {"both_right": (True, True), "only_first": (True, False), "only_second": (False, True),
              "both_wrong": (False, False)}[part]  # fmt: skip
    says = PAIR_PARTS[part].format(first if part == "only_first" else second)
    return listed(rows[(right == wanted).all(axis=1)], two, f"{first} and {second}: {says}")


def _place(runs: Sequence[Run], pairs: pd.DataFrame, pair: tuple[str, str]) -> int:
    first, second = (runs[among(runs, name)].name for name in pair)
    return int(pairs.index[(pairs["first"] == first) & (pairs["second"] == second)][0])


def _panel(title: str, hint: str, inner: str) -> str:
    return (f'<section class="s-panel"><header><h3>{html.h(title)}</h3><p>{html.h(hint)}</p></header>'
            f"{inner}</section>")  # fmt: skip


def _bar(parts: Sequence[tuple[str, str, int, float]]) -> str:
    """A bar of parts (pick, words, reviews, share), each to click, and what they are in words, to click as well."""
    steps = np.linspace(0, 100, len(parts)).round()
    tints = [f"--tint:{step:.0f}%" for step in steps]
    fills = "".join(f'<i style="width:{100 * share:.2f}%;{tint}" data-pick="{html.h(pick)}" title="{html.h(says)}"></i>'
                    for (pick, says, n, share), tint in zip(parts, tints, strict=True) if n)  # fmt: skip
    words = "".join(_part(*part, tint) for part, tint in zip(parts, tints, strict=True))
    return f'<div class="s-parts">{fills}</div><div class="s-parts-words">{words}</div>'


def _part(pick: str, says: str, n: int, share: float, tint: str) -> str:
    picks = f'data-pick="{html.h(pick)}"' if n else "disabled"
    return (f'<button type="button" {picks}><i style="{tint}"></i>{html.h(says)}: <b>{n:,}</b> '
            f"({percent(share)})</button>")  # fmt: skip


def _matrix(pairs: pd.DataFrame, names: dict[str, str], picked: dict) -> str:
    keys = list(names)
    head = "".join(f'<th scope="col">{html.h(names[key])}</th>' for key in keys[1:])
    found = {(r.first, r.second): r for r in pairs.itertuples()}
    body = ""
    for i, one in enumerate(keys[:-1]):
        cells = "".join(_pair(found[one, other], picked) if (one, other) in found else "<td></td>"
                        for other in keys[1:])  # fmt: skip
        body += f'<tr><th scope="row">{html.h(names[keys[i]])}</th>{cells}</tr>'
    return (f'<div class="s-scroll"><table class="s-matrix"><thead><tr><td></td>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>")  # fmt: skip


def _pair(row: object, picked: dict) -> str:
    first, second, same = row.first, row.second, row.same  # type: ignore[attr-defined]
    on = ' class="picked"' if (first, second) == (picked["first"], picked["second"]) else ""
    return (f'<td{on} style="--share:{60 * same:.0f}%" data-pick="pair {first}|{second}" tabindex="0" role="button" '
            f'aria-label="show {html.h(first)} and {html.h(second)}"><b>{percent(same, 0)}</b> '
            f"<small>κ {_kappa(row.kappa)}</small></td>")  # type: ignore[attr-defined]  # fmt: skip


def _kappa(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}" if np.isfinite(value) else "not defined"
