"""Texts as batches of like length: little is spent on padding, and memory stays flat however many texts there are."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from senti.encoder.tokens import encode

if TYPE_CHECKING:
    import torch

CHUNK = 8192  # texts tokenized at once: enough to find company of the same length for each


def batches(
    tokenizer: Any, texts: Sequence[str], max_length: int, tokens: int, truncation: str = "head"
) -> Iterator[tuple[list[int], "dict[str, torch.Tensor]"]]:
    """All texts, in batches of at most `tokens` tokens with their padding (or a single text).

    Each batch is its texts' places in `texts` and the model's inputs. Longest first, so that a lack of memory shows
    at once.
    """
    for start in range(0, len(texts), CHUNK):
        chunk = texts[start : start + CHUNK]
        ids = encode(tokenizer, chunk, max_length, truncation, return_attention_mask=False)["input_ids"]
        for rows in by_length([len(each) for each in ids], tokens):
            yield [start + row for row in rows], padded([ids[row] for row in rows], tokenizer.pad_token_id)


def by_length(lengths: Sequence[int], tokens: int) -> list[list[int]]:
    """Places 0..n-1 as batches, longest first, none holding more than `tokens` tokens once padded, unless it is one."""
    out: list[list[int]] = []
    for place in sorted(range(len(lengths)), key=lambda i: -lengths[i]):
        if not out or (len(out[-1]) + 1) * lengths[out[-1][0]] > tokens:
            out.append([])
        out[-1].append(place)
    return out


def padded(ids: Sequence[Sequence[int] | np.ndarray], pad: int) -> "dict[str, torch.Tensor]":
    """Pieces' ids as `input_ids` and `attention_mask`, (n, longest) int64, padded on the right."""
    import torch

    lengths = np.array([len(each) for each in ids])
    real = np.arange(lengths.max()) < lengths[:, None]
    out = np.full(real.shape, pad, dtype=np.int64)
    out[real] = np.concatenate([np.asarray(each) for each in ids])
    return {"input_ids": torch.from_numpy(out), "attention_mask": torch.from_numpy(real.astype(np.int64))}
