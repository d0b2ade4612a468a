"""Is the difference between two runs real? Tests on the same reviews, pair by pair, corrected for their number."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from senti.evaluation.compare import check_same_reviews
from senti.evaluation.slices import right_answers
from senti.evaluation.table import run_title
from senti.runs import Run

DRAWS = 10_000
LEVEL = 0.05


def mcnemar(first: np.ndarray, second: np.ndarray) -> float:
    """The exact two-sided p-value of McNemar's test (1947) on paired right answers, each (n,) bool.

    Only the reviews on which just one of the two is right count; under no difference they fall either way like a coin.
    """
    only_first, only_second = int((first & ~second).sum()), int((second & ~first).sum())
    n, few = only_first + only_second, min(only_first, only_second)
    tail = sum(math.comb(n, k) for k in range(few + 1))
    return min(1.0, float(2 * tail / 2**n))


def paired_bootstrap(first: np.ndarray, second: np.ndarray, draws: int = DRAWS, seed: int = 0) -> tuple[float, float]:
    """The 95 % percentile interval of accuracy(first) - accuracy(second), the same reviews drawn for both.

    Efron & Tibshirani 1993. A draw of n reviews with replacement holds a multinomial number of each of the three kinds
    (only first right, only second right, same), which is drawn directly.
    """
    n = len(first)
    gains, losses = int((first & ~second).sum()), int((second & ~first).sum())
    kinds = np.random.default_rng(seed).multinomial(n, [gains / n, losses / n, (n - gains - losses) / n], draws)
    low, high = np.quantile((kinds[:, 0] - kinds[:, 1]) / n, [0.025, 0.975])
    return float(low), float(high)


def holm(values: Sequence[float]) -> np.ndarray:
    """p-values corrected for their number, in their order (Holm 1979): any below 0.05 is real at that level overall."""
    raw = np.asarray(values, dtype=float)
    order = np.argsort(raw, kind="stable")
    corrected = np.empty(len(raw))
    corrected[order] = np.minimum(1, np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1)))
    return corrected


def pairwise(runs: Sequence[Run], split: str = "test") -> pd.DataFrame:
    """Every pair of runs, the better one first: first, second, difference, low, high, p, corrected, n, sentence.

    Raises BadData where the runs were not tested on the same reviews.
    """
    check_same_reviews(runs)
    right = {run.name: right_answers(run, split) for run in runs}
    titles = _titles(runs)
    rows = []
    for a, b in itertools.combinations(right, 2):
        a, b = (a, b) if right[a].mean() >= right[b].mean() else (b, a)
        difference = float(right[a].mean() - right[b].mean())
        p, interval = mcnemar(right[a], right[b]), paired_bootstrap(right[a], right[b])
        rows.append((a, b, difference, *interval, p, len(right[a])))
    frame = pd.DataFrame(rows, columns=["first", "second", "difference", "low", "high", "p", "n"])
    frame.insert(6, "corrected", holm(frame["p"].to_list()))
    said = [sentence(titles[r.first], titles[r.second], r.difference, r.corrected, r.n) for r in frame.itertuples()]
    return frame.assign(sentence=said)


def _titles(runs: Sequence[Run]) -> dict[str, str]:
    """What each run is called, with its name where another is called the same."""
    found = [run_title(run.config) for run in runs]
    return {run.name: title if found.count(title) == 1 else f"{title} ({run.name})"
            for run, title in zip(runs, found, strict=True)}  # fmt: skip


def shown_p(p: float) -> str:
    """A p-value as it stands in a sentence: p < 0.001, p = 0.0034, p = 0.38."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}" if p < 0.01 else f"p = {p:.2f}"


def sentence(first: str, second: str, difference: float, p: float, n: int) -> str:
    """A pair in plain words; claims no more than the corrected p-value carries."""
    if difference == 0:
        return f"{first} and {second} are equally good on these {n:,} reviews."
    points = f"{first} is better than {second} by {100 * difference:.1f} points here"
    shown = shown_p(p)
    if p < LEVEL:
        return f"{points}; with {n:,} reviews that is hardly chance, {shown}."
    return f"{points}; with {n:,} reviews that could be chance, {shown}."
