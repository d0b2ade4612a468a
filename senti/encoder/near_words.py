"""Words near to a word, as a backbone's own table of word embeddings has them, before any sentence is read.

Near means used alike, not meaning the same: «good» and «bad» stand in the same places.
"""

import functools
from collections.abc import Iterable
from typing import Any

from senti.encoder.backbone import Backbone
from senti.encoder.load import load_backbone, load_tokenizer

NEAREST = 5
SHORTEST = 3  # letters of a word; shorter ones are mostly marks and abbreviations
BLOCK = 1024  # words that are compared with all others at once


def near_words(backbone: Backbone, words: Iterable[str], k: int = NEAREST) -> dict[str, list[str]]:
    """The `k` nearest words of each word by cosine, nearest first; forms of the word itself are passed over.

    Only words that are one whole piece of the vocabulary, in small letters, have any and are any: the others are left
    out.  Raises MissingModel.
    """
    import torch

    known, vectors = _table(backbone)
    place = {word: i for i, word in enumerate(known)}
    asked = [word for word in dict.fromkeys(words) if word in place]
    found: dict[str, list[str]] = {}
    for start in range(0, len(asked), BLOCK):
        block = asked[start : start + BLOCK]
        alike = vectors[[place[word] for word in block]] @ vectors.T
        nearest = torch.topk(alike, min(4 * k, len(known))).indices.tolist()  # more, for some are forms of the word
        for word, places in zip(block, nearest, strict=True):
            found[word] = [known[i] for i in places if not same_stem(word, known[i])][:k]
    return found


def same_stem(one: str, other: str) -> bool:
    """True for movie and movies, happy and happily: all letters of the shorter but the last agree, at least three."""
    shared = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return one == other or shared >= max(3, min(len(one), len(other)) - 1)


@functools.lru_cache(maxsize=2)
def _table(backbone: Backbone) -> tuple[list[str], Any]:
    """The whole words of a vocabulary, and their embeddings (words, width), each of length 1."""
    import torch

    pieces = _whole_words(load_tokenizer(backbone).get_vocab())
    words = sorted(pieces)
    with torch.inference_mode():
        table = load_backbone(backbone).get_input_embeddings().weight.float()
        return words, torch.nn.functional.normalize(table[[pieces[word] for word in words]], dim=1)


def _whole_words(vocabulary: dict[str, int]) -> dict[str, int]:
    """Words to their numbers. A vocabulary marks either what begins a word (Ġ, ▁) or what goes on with one (##)."""
    begins = tuple(mark for mark in "Ġ▁" if any(piece.startswith(mark) and len(piece) > 1 for piece in vocabulary))
    whole = {piece[1:] if begins else piece: i for piece, i in vocabulary.items() if not begins or piece[0] in begins}
    return {word: i for word, i in whole.items() if len(word) >= SHORTEST and word.isalpha() and word.islower()}
