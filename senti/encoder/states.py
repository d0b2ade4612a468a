"""A text seen from inside: hidden states of every layer, attention of every head."""

import functools
import threading
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from senti.encoder.backbone import Backbone
from senti.encoder.facts import check_length
from senti.encoder.load import load_backbone, load_tokenizer
from senti.encoder.tokens import clean_text, encode, token_table

_loading = threading.Lock()  # two visitors at once must not load the same model twice


@dataclass(frozen=True)
class Inside:
    """All that a backbone computes on the way from a text to its last layer."""

    tokens: pd.DataFrame  # as token_table
    hidden: np.ndarray  # (layers + 1, tokens, width) float32; 0 are the embeddings
    attention: np.ndarray  # (layers, heads, from, to) float32; each row sums to 1

    @property
    def cls(self) -> np.ndarray:
        """The first token's vector in the last layer: what a classification head reads."""
        return self.hidden[-1, 0]


def look_inside(backbone: Backbone, text: str, max_length: int = 128) -> Inside:
    """Run one text through the backbone and keep everything. Raises BadText, BadConfig, MissingModel."""
    import torch

    text = clean_text(text)
    with _loading:
        model, tokenizer = _eager(backbone)
    check_length(max_length, model.config)
    encoded = encode(tokenizer, text, truncation=True, max_length=max_length, return_tensors="pt")
    with torch.inference_mode():
        out = model(**encoded, output_hidden_states=True, output_attentions=True)
    return Inside(
        token_table(tokenizer, text, max_length),
        torch.cat(out.hidden_states).numpy(),
        torch.cat(out.attentions).numpy(),
    )


def similarity(vectors: np.ndarray) -> np.ndarray:
    """Cosine between every two rows: (n, width) to (n, n)."""
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit = vectors / np.maximum(norms, 1e-12)
    return unit @ unit.T


@functools.lru_cache(maxsize=2)
def _eager(backbone: Backbone) -> tuple[Any, Any]:
    """Model and tokenizer; only eager attention tells its weights."""
    return load_backbone(backbone, attention="eager"), load_tokenizer(backbone)
