"""Which labels are grades on one scale, and in which order: the one place that knows."""

import re
from collections.abc import Sequence

WORDS = {
    "very negative": -2, "negative": -1, "neg": -1, "neutral": 0, "neu": 0, "positive": 1, "pos": 1, "very positive": 2,
}  # fmt: skip
NUMBER = re.compile(r"\W*?(-?\d+(?:\.\d+)?)\W*(?:stars?)?\W*", re.IGNORECASE)


def grades(labels: Sequence[str]) -> tuple[float, ...] | None:
    """Where each label stands on a scale from blame, below zero, to praise, above; None if they are on no scale.

    On a scale are the words from `very negative` to `very positive`, and numbers, with or without `stars`, whose zero
    is put midway between the least and the greatest. No two may stand at the same place.
    """
    places = [WORDS.get(re.sub(r"[\W_]+", " ", label).strip().casefold()) for label in labels]
    found = [float(place) for place in places if place is not None] or _numbers(labels)
    return tuple(found) if len(set(found)) == len(labels) else None


def ordered(labels: Sequence[str]) -> list[str]:
    """The labels from the worst grade to the best; as they come if they are on no scale."""
    found = grades(labels)
    return list(labels) if found is None else [label for _, label in sorted(zip(found, labels, strict=True))]


def _numbers(labels: Sequence[str]) -> list[float]:
    found = [float(match[1]) for label in labels if (match := NUMBER.fullmatch(label))]
    middle = (min(found) + max(found)) / 2 if found else 0.0
    return [number - middle for number in found]
