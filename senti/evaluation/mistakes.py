"""What a run got wrong, surest first: where it was most confident, there is most to learn.

>>> mistakes(open_run(root, "reference-svm"), "test")
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from senti.errors import BadConfig
from senti.evaluation.compare import run_corpus
from senti.evaluation.slices import TESTED, right_answers
from senti.runs import Run, saved_probabilities


def wrong_answers(run: Run, split: str = "test") -> pd.DataFrame:
    """What a run got wrong when it was trained, surest first: row, label and said (class indices), confidence.

    `row` is the review's place in the split, from 0.  Costs no inference and needs no reviews.
    """
    labels, chance = saved_probabilities(run, split)
    frame = pd.DataFrame({"row": range(len(labels)), "label": labels, "said": chance.argmax(axis=1),
                          "confidence": chance.max(axis=1).astype(float)})  # fmt: skip
    wrong = frame[frame["said"] != frame["label"]]
    return wrong.sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)


def mistakes(run: Run, split: str = "test", n: int = 20) -> pd.DataFrame:
    """The n reviews of a split that a run got wrong with the highest probability: text, label, said, confidence, place.

    label and said by name; place: row of the split, from 0.  Raises BadConfig, BadData where the reviews are not here.
    """
    if split not in TESTED:
        raise BadConfig(f"split is {split!r}; choose one of {', '.join(TESTED)}.")
    if n < 1:
        raise BadConfig(f"n is {n}; ask for at least 1 mistake.")
    names, texts = run.facts["data"]["labels"], run_corpus(run).splits[split]["text"].to_numpy()
    wrong = wrong_answers(run, split).head(n)
    return pd.DataFrame({
        "text": texts[wrong["row"]], "label": [names[i] for i in wrong["label"]],
        "said": [names[i] for i in wrong["said"]], "confidence": wrong["confidence"], "place": wrong["row"],
    })  # fmt: skip


def missed_by_all(runs: Sequence[Run], split: str = "test") -> np.ndarray:
    """The places of the reviews that every one of the runs got wrong; all must have been tested on the same ones."""
    return np.flatnonzero(~np.any([right_answers(run, split) for run in runs], axis=0))
