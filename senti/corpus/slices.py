"""Slices: kinds of reviews by what can be seen in them, for asking where a method is weak.

>>> rows = all_rows(load_corpus("bundled"))
>>> int((slices(rows)["contrast"] & slices(rows)["question"]).sum())  # they combine
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd

from senti.corpus.corpus import Corpus
from senti.corpus.facts import WORD
from senti.corpus.grades import ordered
from senti.errors import BadConfig

RARE_SHARE = 0.2
PATTERNS = {
    "negation": r"\b(?:not|no|never|nothing|nobody|none|nowhere|neither|nor|without|hardly|barely|cannot)\b|n['’]t\b",
    "contrast": r"\b(?:but|yet|although|though|however|despite|nevertheless|nonetheless|whereas)\b",
    "question": r"\?",
    "numbers": r"\d",
}
HINTS = {
    "short": "the shorter quarter of the training reviews",
    "long": "the longer quarter of the training reviews",
    "negation": "not, no, never, n't, nothing, without, hardly …",
    "contrast": "but, yet, although, though, however, despite …",
    "question": "has a question mark",
    "numbers": "has a digit",
    "rare words": f"at least {RARE_SHARE:.0%} of its words stand in no other training review",
}


def all_rows(corpus: Corpus) -> pd.DataFrame:
    """Every review of every split, in order: columns split, number (from 1, within it), text, label (name), stars."""
    return pd.concat([
        pd.DataFrame({"split": split, "number": range(1, len(frame) + 1), "text": frame["text"],
                      "label": [corpus.labels[i] for i in frame["label"]]}
                     | ({"stars": frame["stars"]} if "stars" in frame else {}))
        for split, frame in corpus.splits.items()
    ], ignore_index=True)  # fmt: skip


def slices(rows: pd.DataFrame) -> pd.DataFrame:
    """Which of the rows (as `all_rows`) belong to which slice: a column of booleans per slice, in reading order.

    Labels by name, short, long, negation, contrast, question, numbers, rare words, and stars where there are any.
    """
    text = rows["text"].str.lower()
    words = text.str.split().str.len()
    low, high = np.quantile(words[rows["split"] == "train"], [0.25, 0.75])
    out = {f"label: {label}": rows["label"] == label for label in ordered(sorted(rows["label"].unique()))}
    out |= {"short": words <= low, "long": words >= high}
    out |= {name: text.str.contains(pattern, regex=True) for name, pattern in PATTERNS.items()}
    out["rare words"] = rare_share(rows) >= RARE_SHARE
    if "stars" in rows:
        out |= {f"stars: {n}": rows["stars"] == n for n in sorted(rows["stars"].unique())}
    return pd.DataFrame({name: mask.astype(bool) for name, mask in out.items() if mask.any()})


def split_slices(corpus: Corpus, split: str, combine: Sequence[str] = ()) -> pd.DataFrame:
    """The slices of one split's reviews, one row per review; first `all`: those that belong to all of `combine`."""
    rows = all_rows(corpus)
    masks = slices(rows)
    masks.insert(0, "all", combined(masks, combine))
    return masks[rows["split"] == split].reset_index(drop=True)


def combined(masks: pd.DataFrame, names: Sequence[str]) -> np.ndarray:
    """The rows that belong to all of the named slices, (n,) bool; no name is all rows. Raises BadConfig."""
    unknown = [name for name in names if name not in masks]
    if unknown:
        raise BadConfig(f"slice is {unknown[0]!r}; choose some of {', '.join(masks)}.")
    chosen: np.ndarray = masks[list(names)].all(axis=1).to_numpy()
    return chosen


def rare_share(rows: pd.DataFrame) -> np.ndarray:
    """Per row, the share of its words that stand in no other training row (n,), 0 where it has none."""
    words = [set(WORD.findall(text.lower())) for text in rows["text"]]
    train = (rows["split"] == "train").to_numpy()
    seen = Counter(word for each, here in zip(words, train, strict=True) if here for word in each)
    known_here = train.astype(int)  # a training row has seen its own words once
    rare = [sum(seen[word] <= own for word in each) for each, own in zip(words, known_here, strict=True)]
    return np.array(rare) / np.maximum([len(each) for each in words], 1)
