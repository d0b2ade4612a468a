"""How well each run does on each kind of review of a split; a slice opens its mistakes."""

from collections.abc import Sequence
from functools import lru_cache

import pandas as pd

from senti.corpus import all_rows, slices
from senti.corpus.slices import HINTS
from senti.evaluation import run_corpus, slice_scores, split_reviews
from senti.numbers import interval
from senti.runs import Run
from senti.ui import html
from senti.ui.chosen import titles
from senti.ui.split_reviews import listed

LEAD = "Where is a method weaker (▼) or stronger (▲) than it is on all reviews? Click a slice to read its mistakes."
SLICES = (
    "Accuracy with half of its 95 % Wilson interval. ▼ marks a slice whose whole interval lies below the run's "
    "accuracy on all reviews, ▲ one above. Of many slices a few are marked by luck."
)


@lru_cache(maxsize=8)
def _masks(run: Run, checksum: str, split: str) -> pd.DataFrame:
    rows = all_rows(run_corpus(run))
    masks = slices(rows)[(rows["split"] == split).to_numpy()].reset_index(drop=True)
    masks.insert(0, "all", True)
    return masks.loc[:, masks.any()]


def masks_of(runs: Sequence[Run], split: str) -> pd.DataFrame:
    """Booleans per slice of a split's reviews, `all` the first.  Raises BadData."""
    return _masks(runs[0], runs[0].facts["data"]["checksum"], split)


def slice_table(runs: Sequence[Run], split: str) -> str:
    """How well each run does on each kind of review."""
    masks, names = masks_of(runs, split), titles(runs)
    scores = slice_scores(masks, runs, split).set_index(["slice", "run"])
    cells = [[f'<span title="{html.h(HINTS.get(name, ""))}">{html.h(name)}</span>', f"{int(masks[name].sum()):,}",
              *(_score(scores.loc[(name, run.name)], scores.loc[("all", run.name), "accuracy"]) for run in runs)]
             for name in masks]  # fmt: skip
    table = html.table(["Slice", "Reviews", *names], cells, numbers=("Reviews", *names), wide="Slice",
                       pickable="show the mistakes in",
                       picks=[f"slice {name}" for name in masks])  # fmt: skip
    return html.paragraphs([LEAD]) + table + html.what(SLICES)


def _score(row: pd.Series, overall: float) -> str:
    sign = "▼" if row["high"] < overall else "▲" if row["low"] > overall else ""
    return f'{interval(row["accuracy"], row["low"], row["high"])}<i class="s-sign">{sign}</i>'


def sliced(runs: Sequence[Run], split: str, pick: str) -> str:
    """The reviews of a picked slice that a run got wrong."""
    rows = split_reviews(runs, split)
    wrong = rows[masks_of(runs, split)[pick].to_numpy() & (rows["part"] != "all right").to_numpy()]
    return listed(wrong, runs, f"Slice {pick}: reviews that {'a run' if len(runs) > 1 else 'the run'} got wrong")
