"""Predicting with a transformer that has a classification head; shared by `finetune` and `lora`."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

BATCH = 64


def predictor(model: Any, tokenizer: Any, max_length: int) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from n texts to (n, classes) probabilities, in the order given."""
    model.eval()
    lock = threading.Lock()  # one forward pass at a time: two would only share the same cores

    def probabilities(texts: Sequence[str]) -> np.ndarray:
        with lock:
            return softmax(logits(model, tokenizer, texts, max_length))

    return probabilities


def logits(model: Any, tokenizer: Any, texts: Sequence[str], max_length: int) -> np.ndarray:
    """The head's outputs, (n, classes) float32; texts go through sorted by length, to waste little on padding."""
    import torch

    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    out = np.zeros((len(texts), model.config.num_labels), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            batch = tokenizer(
                [texts[i] for i in rows], truncation=True, max_length=max_length, padding=True, return_tensors="pt"
            )
            out[rows] = model(**batch.to(model.device)).logits.float().cpu().numpy()
    return out


def softmax(values: np.ndarray) -> np.ndarray:
    """Probabilities from logits, row by row."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
