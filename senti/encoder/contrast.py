"""Two texts side by side: which pieces are alike in each layer, and how far their [CLS] vectors drift apart."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from senti.encoder.backbone import Backbone
from senti.encoder.states import Inside, look_inside, unit


@dataclass(frozen=True)
class Contrast:
    """Two texts as one backbone sees them."""

    first: Inside
    second: Inside

    def alike(self, layer: int) -> np.ndarray:
        """Cosine between every piece of the first text (rows) and of the second (columns) in a layer."""
        a, b = (unit(each.hidden[layer]) for each in (self.first, self.second))
        return a @ b.T

    def drift(self) -> pd.DataFrame:
        """Cosine per layer, 0 the embeddings: columns layer, what, cosine.

        what is [CLS], `mean` over all tokens, and every word that both texts hold, by its first occurrence in each.
        """
        pairs = {"[CLS]": _firsts(self), "mean": _means(self)}
        for word, (i, j) in shared_words(self.first, self.second).items():
            pairs[word] = (self.first.hidden[:, i].mean(axis=1), self.second.hidden[:, j].mean(axis=1))
        rows = [(layer, what, float((unit(a) * unit(b)).sum(axis=-1)[layer]))
                for what, (a, b) in pairs.items() for layer in range(len(a))]  # fmt: skip
        return pd.DataFrame(rows, columns=["layer", "what", "cosine"])


def contrast(
    backbone: Backbone, first: str, second: str, max_length: int = 128, truncation: str = "head"
) -> Contrast:  # fmt: skip
    """Look inside both texts. Raises BadText, BadConfig, MissingModel."""
    return Contrast(*(look_inside(backbone, text, max_length, truncation) for text in (first, second)))


def shared_words(first: Inside, second: Inside) -> dict[str, tuple[list[int], list[int]]]:
    """Words of letters that both texts hold, each with the places of its pieces in either, in the first's order."""
    mine, theirs = _words(first), _words(second)
    return {word: (places, theirs[word]) for word, places in mine.items() if word in theirs}


def _words(inside: Inside) -> dict[str, list[int]]:
    """Places of the pieces of every word, by the word as its pieces spell it; the first occurrence counts."""
    out: dict[str, list[int]] = {}
    for _, pieces in inside.tokens[~inside.tokens["special"]].groupby("word", sort=True):
        word = "".join(piece.removeprefix("##").lstrip("Ġ▁") for piece in pieces["piece"]).lower()
        if any(c.isalpha() for c in word):
            out.setdefault(word, list(pieces.index))
    return out


def _firsts(both: Contrast) -> tuple[np.ndarray, np.ndarray]:
    return both.first.hidden[:, 0], both.second.hidden[:, 0]


def _means(both: Contrast) -> tuple[np.ndarray, np.ndarray]:
    return both.first.hidden.mean(axis=1), both.second.hidden.mean(axis=1)
