"""What each run called what, over a whole split; a cell opens its reviews."""

from collections.abc import Sequence

import numpy as np

from senti.evaluation import confusion, saved_probabilities, split_reviews, wilson
from senti.numbers import interval, percent
from senti.runs import Run
from senti.ui import html
from senti.ui.chosen import among, titles
from senti.ui.split_reviews import listed, mark

LEAD = "What was called what? The diagonal is right. Click a cell to read its reviews."
CONFUSION = (
    "Rows are what the reviews are, columns what the method said; the diagonal is right. A cell's share, and its "
    "shade, is that of its row."
)


def confusions(runs: Sequence[Run], split: str) -> str:
    """A matrix per run, each of whose filled cells can be clicked."""
    cards = [_confusion(run, title, split) for run, title in zip(runs, titles(runs), strict=True)]
    wide = 120 + 74 * len(runs[0].facts["data"]["labels"])
    return (f'{html.paragraphs([LEAD])}<div class="s-matrices-grid" style="--wide:{wide}px">{"".join(cards)}</div>'
            f"{html.what(CONFUSION)}")  # fmt: skip


def _confusion(run: Run, title: str, split: str) -> str:
    labels = run.facts["data"]["labels"]
    truth, probabilities = saved_probabilities(run, split)
    counts = confusion(truth, probabilities.argmax(axis=1), len(labels))
    right, n = int(np.trace(counts)), len(truth)
    head = "".join(f'<th scope="col">{html.h(label)}</th>' for label in labels)
    rows = "".join(
        f'<tr><th scope="row">{html.h(label)}</th>{"".join(_cell(run, counts, i, j) for j in range(len(labels)))}</tr>'
        for i, label in enumerate(labels)
    )
    return (f'<section class="s-panel"><header><h3>{mark(run)}{html.h(title)}</h3>'
            f"<p>{interval(right / n, *wilson(right, n))} right</p></header>"
            f'<div class="s-scroll"><table class="s-matrix"><thead><tr><td>is ↓ called →</td>{head}</tr></thead>'
            f"<tbody>{rows}</tbody></table></div></section>")  # fmt: skip


def _cell(run: Run, counts: np.ndarray, i: int, j: int) -> str:
    labels, n = run.facts["data"]["labels"], int(counts[i, j])
    share = n / max(1, int(counts[i].sum()))
    shade = f'style="--share:{60 * share:.0f}%"'
    if not n:
        return f"<td {shade}>0</td>"
    says = f"{n:,} reviews labelled {labels[i]}, called {labels[j]}"
    return (f'<td {shade} data-pick="cell {run.name}|{i}|{j}" tabindex="0" role="button" aria-label="{html.h(says)}">'
            f"<b>{n:,}</b> <small>{percent(share, 0)}</small></td>")  # fmt: skip


def confused(runs: Sequence[Run], split: str, pick: str) -> str:
    """The reviews of a picked cell, `run|class it is|class it was called`."""
    name, i, j = pick.split("|")
    at = among(runs, name)
    labels = runs[at].facts["data"]["labels"]
    rows = split_reviews([runs[at]], split)
    here = rows[(rows["label"] == labels[int(i)]) & (rows["said"].str[0] == labels[int(j)])]
    title = f"{titles(runs)[at]}: reviews labelled {labels[int(i)]} that it called {labels[int(j)]}"
    return listed(here, [runs[at]], title)
