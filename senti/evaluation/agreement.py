"""Do methods fail on the same reviews? What runs get right together, and how much they agree two by two."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from senti.evaluation.compare import answers
from senti.runs import Run

PARTS = ("all right", "some right", "all wrong")


def parts(truth: np.ndarray, guesses: np.ndarray) -> np.ndarray:
    """Which of PARTS each review belongs to, (n,), from the true classes (n,) and what runs answered (runs, n)."""
    right = (guesses == truth).sum(axis=0)
    return np.select([right == len(guesses), right > 0], PARTS[:2], PARTS[2])


def agreement(runs: Sequence[Run], split: str = "test") -> pd.DataFrame:
    """How many reviews all, some and none of the runs get right: part, n, share.  Raises BadData."""
    truth, probabilities = answers(runs, split)
    found = parts(truth, probabilities.argmax(axis=2))
    counts = [int((found == part).sum()) for part in PARTS]
    return pd.DataFrame({"part": PARTS, "n": counts, "share": np.array(counts) / max(1, len(found))})


def pair_agreement(runs: Sequence[Run], split: str = "test") -> pd.DataFrame:
    """Every pair of runs: first, second, both_right, only_first, only_second, both_wrong (reviews), n, same, kappa.

    same is the share of equal answers, kappa that share beyond chance (`cohen_kappa`).  Raises BadData.
    """
    truth, probabilities = answers(runs, split)
    guesses, rows = probabilities.argmax(axis=2), []
    for i, j in itertools.combinations(range(len(runs)), 2):
        first, second = guesses[i] == truth, guesses[j] == truth
        counts = (first & second, first & ~second, second & ~first, ~first & ~second)
        rows.append((runs[i].name, runs[j].name, *(int(each.sum()) for each in counts), len(truth),
                     float((guesses[i] == guesses[j]).mean()), cohen_kappa(guesses[i], guesses[j])))  # fmt: skip
    columns = ["first", "second", "both_right", "only_first", "only_second", "both_wrong", "n", "same", "kappa"]
    return pd.DataFrame(rows, columns=columns)


def cohen_kappa(first: np.ndarray, second: np.ndarray) -> float:
    """Agreement of two runs' answers (n,) beyond chance (Cohen 1960): 1 always the same, 0 as much as chance gives.

    NaN where both give every review the one same class, for then chance explains everything.
    """
    classes = int(max(first.max(), second.max())) + 1
    a, b = (np.bincount(each, minlength=classes) / len(each) for each in (first, second))
    same, chance = float((first == second).mean()), float(a @ b)
    return (same - chance) / (1 - chance) if chance < 1 else float("nan")
