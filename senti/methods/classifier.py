"""Predicting with a transformer that has a classification head; shared by `finetune` and `lora`."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from senti.config import TrainConfig
from senti.encoder import batch_tokens, batches, make_lean, resolve_precision, settle


def predictor(model: Any, tokenizer: Any, config: TrainConfig) -> Callable[[Sequence[str]], np.ndarray]:
    """A function from n texts to (n, classes) probabilities, in the order given; texts are cut as the config says."""
    model = settle(model, resolve_precision(config.precision)).eval()
    make_lean(model, first_token=True)
    lock = threading.Lock()  # one forward pass at a time: two would only share the same cores

    def probabilities(texts: Sequence[str]) -> np.ndarray:
        with lock:
            return softmax(logits(model, tokenizer, texts, config.max_length, config.truncation))

    return probabilities


def logits(
    model: Any, tokenizer: Any, texts: Sequence[str], max_length: int, truncation: str = "head"
) -> np.ndarray:  # fmt: skip
    """The head's outputs, (n, classes) float32."""
    import torch

    out = np.zeros((len(texts), model.config.num_labels), dtype=np.float32)
    with torch.inference_mode():
        for rows, batch in batches(tokenizer, texts, max_length, batch_tokens(), truncation):
            inputs = {name: values.to(model.device) for name, values in batch.items()}
            out[rows] = model(**inputs).logits.float().cpu().numpy()
    return out


def softmax(values: np.ndarray) -> np.ndarray:
    """Probabilities from logits, row by row."""
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
