"""TF-IDF's own words: a linear model's margin is a sum over words, so every share is exact."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from senti.evaluation.occlusion import words_of
from senti.methods.linear import svc_of


@dataclass(frozen=True)
class Contributions:
    """words: word, start, end, effect (in margins). intercept: what an empty text gets. margin: their sum."""

    words: pd.DataFrame
    intercept: float
    margin: float


def contributions(model: Any, text: str, label: int) -> Contributions:
    """What each word adds to the margin of a label; a pair of words gives half to each. model: as `linear.restore`.

    The margin is that of the SVM before its temperature, for a label of two with the sign that speaks for it.
    """
    vectorizer, svm = model.calibrated_classifiers_[0].estimator[0], svc_of(model)
    row = list(svm.classes_).index(label)
    weights, intercept = (svm.coef_[row], svm.intercept_[row]) if len(svm.coef_) > 1 else (
        (svm.coef_[0], svm.intercept_[0]) if row == 1 else (-svm.coef_[0], -svm.intercept_[0])
    )  # fmt: skip
    vector = vectorizer.transform([text])
    shares = {i: v * weights[i] for i, v in zip(vector.indices, vector.data, strict=True)}
    effects = _spread(vectorizer, text, shares)
    words = words_of(text)
    each = [sum(v for (start, end), v in effects.items() if start < w.end and end > w.start)
            for w in words.itertuples()]  # fmt: skip
    return Contributions(words.assign(effect=np.array(each, dtype=float)), float(intercept),
                         float(intercept + sum(shares.values())))  # fmt: skip


def _spread(vectorizer: Any, text: str, shares: dict[int, float]) -> dict[tuple[int, int], float]:
    """Every feature's share, dealt out evenly over its occurrences and the words of each, by their places in the text.

    Case is folded letter by letter, so that places stay places.
    """
    lower = "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
    spans = [found.span() for found in re.finditer(vectorizer.token_pattern, lower)]
    tokens = [lower[start:end] for start, end in spans]
    places: dict[int, list[tuple[int, ...]]] = {}
    for length in (1, 2):
        for i in range(len(tokens) - length + 1):
            feature = vectorizer.vocabulary_.get(" ".join(tokens[i : i + length]))
            if feature in shares:
                places.setdefault(feature, []).append(tuple(range(i, i + length)))
    out = dict.fromkeys(spans, 0.0)
    for feature, occurrences in places.items():
        for occurrence in occurrences:
            for i in occurrence:
                out[spans[i]] += shares[feature] / len(occurrences) / len(occurrence)
    return out
