"""What the tokenizer makes of a text."""

import hashlib
import math
import threading
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from senti.errors import BadConfig, BadText
from senti.signs import scrub

UNKNOWN = ("[UNK]", "<unk>")
LONGEST = 20_000  # characters; tokenizing ten million takes 16 s, whatever is cut afterwards

HEADS = {"head": 1.0, "tail": 0.0, "head+tail": 0.25}  # share of what is read that comes from the beginning

_tokenizing = threading.Lock()  # a fast tokenizer keeps its settings inside, and a server asks for several at once


def encode(
    tokenizer: Any, texts: Sequence[str], max_length: int | None = None, truncation: str = "head", **options: Any
) -> dict[str, list[list[Any]]]:
    """The tokenizer's columns for texts, a list per text; of more than `max_length` tokens only so many are kept.

    truncation: head, tail, or head+tail, see `read_ends`.  With return_offsets_mapping there is a column `words` too,
    the number of each piece's word. One thread at a time.  Raises BadConfig, BadText.
    """
    fitted = [fit_text(text) for text in texts]
    with _tokenizing:
        made: Any = tokenizer(fitted, truncation=False, verbose=False, **options) if fitted else {}
    columns = dict(made)
    if options.get("return_offsets_mapping"):
        columns["words"] = [made.word_ids(i) for i in range(len(fitted))]
    if max_length is None:
        return columns
    first, last = read_ends(tokenizer, max_length, truncation)
    return {name: [_without_middle(each, first, last) for each in rows] for name, rows in columns.items()}


def read_ends(tokenizer: Any, max_length: int, truncation: str) -> tuple[int, int]:
    """How many tokens are read from the start and from the end of a longer text; the tokenizer's marks are among them.

    head+tail takes a quarter from the start and the rest from the end, which of 512 tokens is 128 and 382 (Sun et al.
    2019, How to fine-tune BERT for text classification?, section 5.3.1).  Raises BadConfig.
    """
    if truncation not in HEADS:
        raise BadConfig(f"truncation is {truncation!r}; choose one of {', '.join(HEADS)}.")
    with _tokenizing:
        marks = tokenizer("a", return_special_tokens_mask=True)["special_tokens_mask"]
    before = marks.index(0)
    room = max_length - sum(marks)
    head = math.ceil(HEADS[truncation] * room)
    return before + head, max_length - before - head


def _without_middle(tokens: list[Any], first: int, last: int) -> list[Any]:
    return tokens if len(tokens) <= first + last else tokens[:first] + tokens[len(tokens) - last :]


def fit_text(text: object, limit: int = LONGEST) -> str:
    """A text that a tokenizer can take, be it empty: no lone surrogates or NUL, at most `limit` characters.

    Raises BadText where it is no text.
    """
    if not isinstance(text, str):
        raise BadText(f"The text is a {type(text).__name__}, not a text; type a sentence.")
    return scrub(text[:limit])


def is_blank(text: str) -> bool:
    """True for a text without a letter, digit or sign that can be seen."""
    return all(unicodedata.category(c)[0] in "ZC" for c in text)


def length_notice(texts: Sequence[str]) -> tuple[str, ...]:
    """What to say where texts are longer than is read of them."""
    long = sum(len(text) > LONGEST for text in texts)
    if not long:
        return ()
    subject = "The text is" if len(texts) == 1 else f"{long:,} of {len(texts):,} texts {'is' if long == 1 else 'are'}"
    return (f"{subject} longer than {LONGEST:,} characters; only the first {LONGEST:,} are read.",)


def clean_text(text: object, limit: int = LONGEST) -> str:
    """A text that a tokenizer can take: no lone surrogates, at most `limit` characters. Raises BadText if empty."""
    text = fit_text(text, limit)
    if is_blank(text):
        raise BadText("The text is empty; type a sentence.")
    return text


def token_table(tokenizer: Any, text: str, max_length: int = 512, truncation: str = "head") -> pd.DataFrame:
    """One row per piece: piece, id, word (its number in the text, NA for specials), start, end, special.

    start and end are character offsets in the text.
    """
    encoded = encode(tokenizer, [text], max_length, truncation, return_offsets_mapping=True,
                     return_special_tokens_mask=True)  # fmt: skip
    ids, (starts, ends) = encoded["input_ids"][0], zip(*encoded["offset_mapping"][0], strict=True)
    return pd.DataFrame({
        "piece": tokenizer.convert_ids_to_tokens(ids), "id": ids, "word": pd.array(encoded["words"][0], dtype="Int64"),
        "start": starts, "end": ends, "special": [bool(x) for x in encoded["special_tokens_mask"][0]],
    })  # fmt: skip


def unknown_pieces(tokens: pd.DataFrame) -> pd.Series:
    """For each row of a token table, if it stands for something that the vocabulary lacks."""
    return tokens["piece"].isin(UNKNOWN)  # a typed "[UNK]" is cut into pieces of its own


def count_tokens(tokenizer: Any, texts: Sequence[str]) -> np.ndarray:
    """How many tokens each text has, specials included, before any truncation."""
    encoded = encode(tokenizer, texts, return_attention_mask=False)
    return np.array([len(ids) for ids in encoded.get("input_ids", [])], dtype=int)


def texts_key(settings: str, texts: Sequence[str]) -> str:
    """What vectors of these texts, made with these settings, are kept under: 40 hex digits."""
    key = hashlib.sha256(f"{settings} {len(texts)}".encode())
    for text in texts:
        key.update(hashlib.sha256(fit_text(text).encode()).digest())
    return key.hexdigest()[:40]
