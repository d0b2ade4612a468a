"""Which words moved the prediction: leave each out and see what changes. Works for every method alike."""

import re
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
MOST_WORDS = 128


def occlusion(
    predict: Callable[[Sequence[str]], np.ndarray], text: str, label: int | None = None,
    pieces: pd.DataFrame | None = None,
) -> pd.DataFrame:  # fmt: skip
    """The effect of every word on the probability of a label: columns word, start, end, effect.

    effect: probability with the word less the probability without it, so words that speak for the label are above
    zero (Zeiler & Fergus 2014; for text Li et al. 2016, Understanding neural networks through representation
    erasure).  label: None is the one predicted.  start and end are places in the text.  pieces: those that are read
    (start, end), where a method does not read the whole text; words without one are left alone, and so are words beyond
    the first MOST_WORDS.
    """
    words = words_of(text, pieces)
    left = [without(text, [(row.start, row.end)]) for row in words.itertuples()]
    chances = predict([text, *left])
    label = int(chances[0].argmax()) if label is None else label
    return words.assign(effect=(chances[0, label] - chances[1:, label]).astype(float))


def words_of(text: str, pieces: pd.DataFrame | None = None) -> pd.DataFrame:
    """The words of a text and their places: columns word, start, end; at most MOST_WORDS, of `pieces` where given."""
    spans = [found.span() for found in WORD.finditer(text)]
    if pieces is not None:
        starts, ends = pieces["start"].to_numpy(), pieces["end"].to_numpy()
        spans = [(start, end) for start, end in spans if ((starts < end) & (ends > start)).any()]
    spans = spans[:MOST_WORDS]
    return pd.DataFrame({"word": [text[start:end] for start, end in spans], "start": [start for start, _ in spans],
                         "end": [end for _, end in spans]}).astype({"start": int, "end": int})  # fmt: skip


def without(text: str, spans: Sequence[tuple[int, int]]) -> str:
    """The text less some words, and one of the blanks around each."""
    for start, end in sorted(spans, reverse=True):
        rest = text[end:]
        lone = rest[:1].isspace() and (start == 0 or text[start - 1].isspace())
        text = text[:start] + (rest[1:] if lone else rest)
    return text
