"""The behavioural suite: sentences written for this project, by phenomenon, and what a method makes of each.

In the manner of CheckList (Ribeiro et al. 2020, Beyond accuracy): rows of kind `label` must get their label; the rows
of a pair of kind `same` differ in what must not matter (a name, a place, a typo) and must get the same answer.

A run with more grades than two is asked which side it leans to: its expected grade, the mean of the grades weighted by
their probabilities, counts as positive above the middle of the scale, else as negative. So `neutral` is no answer that
passes by itself: what the run holds possible beside it decides.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from senti.corpus import grades, read_table
from senti.errors import BadData
from senti.evaluation.scores import wilson

SENTENCES = Path(__file__).parent / "samples" / "challenge.csv"


def challenge_sentences() -> pd.DataFrame:
    """All sentences: columns pair, phenomenon, kind (label or same), text, label (negative or positive)."""
    frame, _ = read_table(SENTENCES)
    return frame.reset_index(drop=True)


def challenge(
    predict: Callable[[Sequence[str]], np.ndarray], labels: Sequence[str], sentences: pd.DataFrame | None = None
) -> pd.DataFrame:
    """The sentences with two more columns: said (negative or positive, by expected grade) and passed (bool).

    A row of kind `same` passes if its whole pair got one answer.  labels: the method's classes, by index.  Raises
    BadData where they are no grades from blame to praise.
    """
    places = _places(labels)
    rows = challenge_sentences() if sentences is None else sentences
    expected = predict(list(rows["text"])) @ places
    said = pd.Series(np.where(expected > 0, "positive", "negative"), index=rows.index, dtype="str")
    one_answer = said.groupby(rows["pair"]).transform("nunique") == 1
    return rows.assign(said=said, passed=np.where(rows["kind"] == "same", one_answer, said == rows["label"]))


def pass_rates(answered: pd.DataFrame) -> pd.DataFrame:
    """One row per phenomenon, and `all` last: phenomenon, passed, n, rate, low, high (95 % Wilson interval).

    answered: as `challenge`.  A pair of kind `same` counts once.
    """
    units = answered[(answered["kind"] == "label") | ~answered.duplicated("pair")]
    groups = [*units.groupby("phenomenon", sort=False), ("all", units)]
    rows = [(name, int(group["passed"].sum()), len(group), float(group["passed"].mean()),
             *wilson(int(group["passed"].sum()), len(group))) for name, group in groups]  # fmt: skip
    return pd.DataFrame(rows, columns=["phenomenon", "passed", "n", "rate", "low", "high"])


def _places(labels: Sequence[str]) -> np.ndarray:
    """Where each class stands, by index: below zero is blame, above it praise."""
    places = grades(labels)
    if places is None or not min(places) < 0 < max(places):
        raise BadData(
            f"The suite asks for praise or blame, and this run answers {', '.join(labels)}; choose a run whose labels "
            "are grades, such as negative and positive, or 1 to 5 stars."
        )
    return np.array(places)
