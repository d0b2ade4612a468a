"""Words that mean one thing at home and another elsewhere: their weights in two linear bag-of-words models.

As many reviews of each kind train the two models, else the larger kind would have the larger weights. A bag holds which
words occur in a review; logistic regression gives each a weight, what it adds to the log-odds of the second label.
How sure a weight is comes from a bootstrap over the reviews (Efron & Tibshirani 1993).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from senti.corpus import Corpus
from senti.corpus.facts import WORD
from senti.corpus.mixed import aligned, check_other
from senti.corpus.splits import sample
from senti.errors import BadData

DRAWS = 100
MOST = 3_000  # reviews of each kind; more would take minutes
FREQUENT = 10  # reviews that hold a word, of those that train a model
STEADY = 0.95  # share of the draws in which a weight has the sign of its mean
COLUMNS = ["word", "n_home", "n_other", "home", "other", "same_home", "same_other", "shift", "low", "high", "turned"]


def shifting_words(home: Corpus, other: Corpus, seed: int = 0) -> pd.DataFrame:
    """One row per word that is frequent in both kinds, the largest shift first: COLUMNS.

    home, other: its mean weight over DRAWS bootstrap samples; same_home, same_other: the share of them in which it has
    the sign of that mean; shift: other less home, with the percentile interval low to high (95 %); turned: the signs
    differ, and each is steady (STEADY).  n_home, n_other: reviews that hold it, of as many of each kind.  Where many
    words are looked at, some intervals miss zero by chance.  Raises BadData where there are not two
    labels, or no such word.
    """
    sides, words, counts = _bags(home, other, seed)
    both = np.flatnonzero((counts >= FREQUENT).all(axis=0))
    if not len(both):
        raise BadData(f"No word is in {FREQUENT} reviews of both {home.name} and {other.name}; choose more reviews.")
    drawn = [_weights(bags, labels, seed + i)[:, both] for i, (bags, labels) in enumerate(sides)]
    means, same = zip(*map(_told, drawn), strict=True)
    shifts = drawn[1] - drawn[0]
    low, high = np.quantile(shifts, [0.025, 0.975], axis=0)
    frame = pd.DataFrame({
        "word": [words[i] for i in both], "n_home": counts[0][both], "n_other": counts[1][both],
        "home": means[0], "other": means[1], "same_home": same[0], "same_other": same[1],
        "shift": means[1] - means[0], "low": low, "high": high,
        "turned": (np.sign(means[0]) != np.sign(means[1])) & (np.minimum(*same) >= STEADY),
    })[COLUMNS]  # fmt: skip
    return frame.sort_values("shift", key=abs, ascending=False, kind="stable", ignore_index=True)


def words_of_one(home: Corpus, other: Corpus, seed: int = 0) -> pd.DataFrame:
    """Words that are frequent in one kind and in no review of the other, the heaviest first: side (home, other), word,
    n, weight, same; only those whose sign is steady.
    """
    sides, words, counts = _bags(home, other, seed)
    rows: list[tuple[Any, ...]] = []
    for i, side in enumerate(("home", "other")):
        alone = np.flatnonzero((counts[i] >= FREQUENT) & (counts[1 - i] == 0))
        means, same = _told(_weights(*sides[i], seed + i)[:, alone])
        rows += [(side, words[place], int(counts[i][place]), float(mean), float(share))
                 for place, mean, share in zip(alone, means, same, strict=True) if share >= STEADY]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["side", "word", "n", "weight", "same"])
    return frame.sort_values("weight", key=abs, ascending=False, kind="stable", ignore_index=True)


def _bags(home: Corpus, other: Corpus, seed: int) -> tuple[list[tuple[Any, np.ndarray]], list[str], np.ndarray]:
    """Of each kind (bags, labels), as many reviews of both; the words that are frequent in either; how many reviews of
    each kind hold each word, (2, words).
    """
    from sklearn.feature_extraction.text import CountVectorizer

    check_other(home, other)
    if len(home.labels) != 2:
        raise BadData(f"{home.name} has {len(home.labels)} labels; the words of two are compared: choose such reviews.")
    frames = [pd.concat([frame[["text", "label"]] for frame in home.splits.values()]), aligned(other, home.labels)[0]]
    most = min(MOST, *map(len, frames))
    frames = [sample(frame, most, seed) for frame in frames]
    bag = CountVectorizer(binary=True, tokenizer=_words, token_pattern=None, lowercase=False)
    every = bag.fit_transform([text for frame in frames for text in frame["text"]])
    parts = [every[: len(frames[0])], every[len(frames[0]) :]]
    counts = np.stack([np.asarray(part.sum(axis=0)).ravel() for part in parts])
    kept = np.flatnonzero(counts.max(axis=0) >= FREQUENT)
    names = bag.get_feature_names_out()
    sides = [(part[:, kept], frame["label"].to_numpy()) for part, frame in zip(parts, frames, strict=True)]
    return sides, [str(names[i]) for i in kept], counts[:, kept]


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())


def _weights(bags: Any, labels: np.ndarray, seed: int) -> np.ndarray:
    """The weights of logistic regression (draws, words), each on a bootstrap sample of the reviews."""
    from sklearn.linear_model import LogisticRegression

    draw, out = np.random.default_rng(seed), []
    for _ in range(DRAWS):
        places = _with_both(labels, draw)
        out.append(LogisticRegression(solver="liblinear").fit(bags[places], labels[places]).coef_[0])
    return np.stack(out)


def _with_both(labels: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Places drawn with replacement, each label as often as it is there."""
    mine = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return np.concatenate([draw.choice(places, len(places)) for places in mine])


def _told(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean weight of each word (words,), and the share of the draws that have its sign."""
    mean = drawn.mean(axis=0)
    return mean, (np.sign(drawn) == np.sign(mean)).mean(axis=0)


def in_words(row: Any, labels: Sequence[str]) -> str:
    """A shifting word in a sentence; claims a direction only where its sign is steady."""
    home, there = (labels[int(weight > 0)] for weight in (row.home, row.other))
    sure_home, sure_there = row.same_home >= STEADY, row.same_other >= STEADY
    if sure_home and sure_there and home != there:
        return f"{home} at home, {there} there"
    if sure_home and sure_there:
        return f"{home} in both, {'more' if abs(row.other) > abs(row.home) else 'less'} so there"
    if sure_home or sure_there:
        return f"{home} at home, not sure there" if sure_home else f"not sure at home, {there} there"
    return "not sure in either"


def by_chance(rows: pd.DataFrame) -> str:
    """How many intervals of shifts leave zero out, beside how many would if no word shifted."""
    apart = int(((rows["low"] > 0) | (rows["high"] < 0)).sum())
    return (f"Of {len(rows):,} words that are frequent in both, the interval of {apart:,} leaves out zero; if none "
            f"shifted, about {0.05 * len(rows):.0f} would by chance.")  # fmt: skip
