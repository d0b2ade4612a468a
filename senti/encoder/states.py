"""A text seen from inside: hidden states of every layer, attention of every head."""

import functools
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from senti.encoder.backbone import Backbone
from senti.encoder.batches import padded
from senti.encoder.facts import check_length
from senti.encoder.load import load_backbone, load_tokenizer
from senti.encoder.tokens import clean_text, count_tokens, read_ends, token_table

_loading = threading.Lock()  # two visitors at once must not load the same model twice


@dataclass(frozen=True)
class Inside:
    """All that a backbone computes on the way from a text to its last layer."""

    tokens: pd.DataFrame  # as token_table
    hidden: np.ndarray  # (layers + 1, tokens, width) float32; 0 are the embeddings
    attention: np.ndarray  # (layers, heads, from, to) float32; each row sums to 1
    cut: tuple[int, int] = (0, 0)  # before which token pieces of the text are not read, and how many; 0 if none

    @property
    def cls(self) -> np.ndarray:
        """The first token's vector in the last layer: what a classification head reads."""
        return self.hidden[-1, 0]


def look_inside(backbone: Backbone, text: str, max_length: int = 128, truncation: str = "head") -> Inside:
    """Run one text through the backbone and keep everything. Raises BadText, BadConfig, MissingModel."""
    import torch

    text = clean_text(text)
    with _loading:
        model, tokenizer = _eager(backbone)
    check_length(max_length, model.config)
    tokens = token_table(tokenizer, text, max_length, truncation)
    lost = int(count_tokens(tokenizer, [text])[0]) - len(tokens)
    cut = (read_ends(tokenizer, max_length, truncation)[0], lost) if lost else (0, 0)
    with torch.inference_mode():
        out = model(**padded([tokens["id"]], 0), output_hidden_states=True, output_attentions=True)
    return Inside(tokens, torch.cat(out.hidden_states).numpy(), torch.cat(out.attentions).numpy(), cut)


def similarity(vectors: np.ndarray) -> np.ndarray:
    """Cosine between every two rows: (n, width) to (n, n)."""
    return unit(vectors) @ unit(vectors).T


def unit(vectors: np.ndarray) -> np.ndarray:
    """The same directions, each of length 1: (..., width) to (..., width)."""
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-12))


def habits(attention: np.ndarray) -> pd.DataFrame:
    """Where each head looks most in one text: columns layer and head (from 1), habit, share (of its attention).

    attention: (layers, heads, from, to).  habit is first, last (the marks), itself, before or after (the neighbours),
    whichever gets the largest mean share (Clark et al. 2019, What does BERT look at?).
    """
    tokens = attention.shape[-1]
    shares = {
        "first": attention[..., 0].mean(axis=-1), "last": attention[..., -1].mean(axis=-1),
        "itself": np.trace(attention, axis1=-2, axis2=-1) / tokens,
        "before": np.trace(attention, offset=-1, axis1=-2, axis2=-1) / tokens,
        "after": np.trace(attention, offset=1, axis1=-2, axis2=-1) / tokens,
    }  # fmt: skip
    stacked, names = np.stack(list(shares.values())), list(shares)
    rows = [(layer + 1, head + 1, names[stacked[:, layer, head].argmax()], float(stacked[:, layer, head].max()))
            for layer in range(attention.shape[0]) for head in range(attention.shape[1])]  # fmt: skip
    return pd.DataFrame(rows, columns=["layer", "head", "habit", "share"])


@functools.lru_cache(maxsize=2)
def _eager(backbone: Backbone) -> tuple[Any, Any]:
    """Model and tokenizer; only eager attention tells its weights."""
    return load_backbone(backbone, attention="eager"), load_tokenizer(backbone)
