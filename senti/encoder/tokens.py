"""What the tokenizer makes of a text."""

import threading
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from senti.errors import BadText

LONGEST = 20_000  # characters; tokenizing ten million takes 16 s, whatever is cut afterwards

_tokenizing = threading.Lock()  # a fast tokenizer keeps its truncation inside: two threads would cut each other's texts


def encode(tokenizer: Any, texts: str | Sequence[str], **options: Any) -> Any:
    """What `tokenizer(texts, **options)` gives, to one thread at a time."""
    with _tokenizing:
        return tokenizer(texts, **options)


def fit_text(text: object) -> str:
    """A text that a tokenizer can take, be it empty: no lone surrogates, at most LONGEST characters. Raises BadText."""
    if not isinstance(text, str):
        raise BadText(f"The text is a {type(text).__name__}, not a text; type a sentence.")
    return _paired(text[:LONGEST])


def clean_text(text: object, limit: int = LONGEST) -> str:
    """A text that a tokenizer can take: no lone surrogates, at most `limit` characters. Raises BadText if empty."""
    if not isinstance(text, str):
        raise BadText(f"The text is a {type(text).__name__}, not a text; type a sentence.")
    text = _paired(text[:limit]).replace("\x00", "")
    if not any(unicodedata.category(c)[0] not in "ZC" for c in text):
        raise BadText("The text is empty; type a sentence.")
    return text


def token_table(tokenizer: Any, text: str, max_length: int = 512) -> pd.DataFrame:
    """One row per piece: piece, id, word (its number in the text, NA for specials), start, end, special.

    start and end are character offsets in the text.
    """
    encoded = encode(tokenizer, fit_text(text), truncation=True, max_length=max_length, return_offsets_mapping=True,
                     return_special_tokens_mask=True)  # fmt: skip
    starts, ends = zip(*encoded["offset_mapping"], strict=True)
    return pd.DataFrame({
        "piece": encoded.tokens(), "id": encoded["input_ids"], "word": pd.array(encoded.word_ids(), dtype="Int64"),
        "start": starts, "end": ends, "special": [bool(x) for x in encoded["special_tokens_mask"]],
    })  # fmt: skip


def count_tokens(tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    """How many tokens each text has, specials included, before any truncation."""
    fitted = [fit_text(text) for text in texts]
    # a long text would log a warning that this function answers
    encoded = encode(tokenizer, fitted, truncation=False, return_attention_mask=False, verbose=False)
    return np.array([len(ids) for ids in encoded["input_ids"]], dtype=int)


def _paired(text: str) -> str:
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
