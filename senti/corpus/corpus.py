"""The corpus: labelled reviews in three splits, and everything a reader should know about them."""

import hashlib
from dataclasses import dataclass

import pandas as pd

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Corpus:
    """Labelled texts, ready to train on.

    splits: train, validation and test, each with columns text (str), label (int 0..k-1) and perhaps stars (int).
    labels: the name of each class, by index.
    source: where it came from, in one line.  why: what made `auto` choose it.  notices: what was changed or looks odd.
    """

    name: str
    splits: dict[str, pd.DataFrame]
    labels: tuple[str, ...]
    source: str
    why: str = ""
    notices: tuple[str, ...] = ()

    @property
    def checksum(self) -> str:
        """The first 16 hex digits of a SHA-256 over split names, texts and labels, in order."""
        digest = hashlib.sha256()
        for split, frame in self.splits.items():
            digest.update(f"{split} {len(frame)}\n".encode())
            for text, label in zip(frame["text"], frame["label"], strict=True):
                data = text.encode()
                digest.update(b"%d %d " % (label, len(data)) + data)
        return digest.hexdigest()[:16]

    @property
    def rows(self) -> dict[str, int]:
        """Rows per split."""
        return {split: len(frame) for split, frame in self.splits.items()}
