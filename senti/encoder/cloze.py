"""A blank in a pattern, and how well a word fills it: what a masked-language model was pre-trained to tell.

>>> cloze(resolve_model("distilbert"), "{text} It was [MASK].", ["bad", "good"])(["a tender film"])
"""

import functools
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from senti.encoder.backbone import Backbone
from senti.encoder.batches import by_length, padded
from senti.encoder.facts import longest_text
from senti.encoder.load import load_masked, load_tokenizer
from senti.encoder.machine import BATCH_TOKENS, settle
from senti.encoder.tokens import encode
from senti.errors import BadConfig

TEXT, BLANK = "{text}", "[MASK]"
_loading = threading.Lock()


def cloze(
    backbone: Backbone, pattern: str, words: Sequence[str], *, max_length: int = 128, truncation: str = "head",
    precision: str = "auto",
) -> Callable[[Sequence[str]], np.ndarray]:  # fmt: skip
    """A function from n texts to the (n, words) float32 scores (logits) of these words at the blank of the pattern.

    pattern: {text} and [MASK] once each, and words around them, which are cut into pieces by themselves.  words: each
    must be one piece of the vocabulary.  Of a text max_length tokens are read; the pattern's come on top.  precision:
    auto is fp32, for bf16 would round the scores to sixteenths.  Raises BadConfig, and MissingModel where the model
    has no masked-language head (Schick & Schütze 2021, Exploiting cloze questions for few-shot text classification).
    """
    model, tokenizer = _ready(backbone, "fp32" if precision == "auto" else precision)
    before, after = _around(tokenizer, pattern)
    pieces = [_piece(tokenizer, word) for word in words]
    room = longest_text(model.config) - len(before) - len(after)
    if max_length > room:
        raise BadConfig(
            f"max_length is {max_length}; with this pattern the model reads at most {room} tokens of a text."
        )
    first, last = _marks(tokenizer)

    def scores(texts: Sequence[str]) -> np.ndarray:
        read = encode(tokenizer, texts, max_length, truncation, return_attention_mask=False).get("input_ids", [])
        ends = [len(ids) - last for ids in read]
        filled = [[*ids[:first], *before, *ids[first:end], *after, *ids[end:]]
                  for ids, end in zip(read, ends, strict=True)]  # fmt: skip
        return _at_blank(model, tokenizer, filled, pieces)

    return scores


def masked_parameters(backbone: Backbone) -> int:
    """How many parameters the transformer has together with its masked-language head. Raises MissingModel."""
    model, _ = _ready(backbone, "fp32")
    return sum(p.numel() for p in model.parameters())


def _around(tokenizer: Any, pattern: str) -> tuple[list[int], list[int]]:
    """The ids before and after the text; one of them is the blank."""
    if pattern.count(TEXT) != 1 or pattern.count(BLANK) != 1:
        raise BadConfig(f"pattern is {pattern[:100]!r}; it must hold {TEXT} and {BLANK} once each, as in "
                        f"'{TEXT} It was {BLANK}.'")  # fmt: skip
    before, after = (_with_blank(tokenizer, part) for part in pattern.split(TEXT))
    return before, after


def _with_blank(tokenizer: Any, part: str) -> list[int]:
    # a space before a blank belongs to it, so that it leaves no piece of its own
    texts = [text.rstrip() for text in part.split(BLANK)]
    ids = encode(tokenizer, texts, add_special_tokens=False, return_attention_mask=False)["input_ids"]
    return [*ids[0], *([tokenizer.mask_token_id, *ids[1]] if len(ids) > 1 else [])]


def _piece(tokenizer: Any, word: str) -> int:
    """The id of a word that is one piece of the vocabulary. Raises BadConfig."""
    # with the space before it that byte-level vocabularies write into the piece
    ids = encode(tokenizer, [f" {word}"], add_special_tokens=False, return_attention_mask=False)["input_ids"][0]
    if len(ids) != 1 or ids[0] in tokenizer.all_special_ids:
        raise BadConfig(
            f"{word[:60]!r} is not one piece of this model's vocabulary, so it fits no blank; give --verbalizer one "
            "such word per label, as in 'terrible|great'."
        )
    return int(ids[0])


def _marks(tokenizer: Any) -> tuple[int, int]:
    """How many tokens of its own the tokenizer puts before and after a text."""
    marks = encode(tokenizer, ["a"], return_special_tokens_mask=True)["special_tokens_mask"][0]
    return marks.index(0), marks[::-1].index(0)


def _at_blank(model: Any, tokenizer: Any, filled: Sequence[Sequence[int]], pieces: Sequence[int]) -> np.ndarray:
    """The scores of some pieces of the vocabulary at each text's blank, (n, pieces)."""
    import torch

    out = np.zeros((len(filled), len(pieces)), dtype=np.float32)
    with torch.inference_mode():
        # every token gets a score per piece of the vocabulary, so batches stay small on any machine
        for rows in by_length([len(ids) for ids in filled], BATCH_TOKENS):
            batch = padded([filled[row] for row in rows], tokenizer.pad_token_id)
            inputs = {name: values.to(model.device) for name, values in batch.items()}
            blanks = inputs["input_ids"] == tokenizer.mask_token_id
            out[rows] = model(**inputs).logits[blanks][:, pieces].float().cpu().numpy()
    return out


def _ready(backbone: Backbone, precision: str) -> tuple[Any, Any]:
    with _loading:
        return _loaded(backbone, precision)


@functools.lru_cache(maxsize=1)
def _loaded(backbone: Backbone, precision: str) -> tuple[Any, Any]:
    return settle(load_masked(backbone), precision), load_tokenizer(backbone)
