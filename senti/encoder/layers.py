"""Many texts seen from every layer at once: two vectors per text and layer, kept on disk."""

import os
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from senti.cache import cache_dir
from senti.encoder.batches import batches
from senti.encoder.facts import check_length
from senti.encoder.machine import batch_tokens
from senti.encoder.tokens import texts_key
from senti.errors import Stopped

STATES = ("cls", "mean")
_reading = threading.Lock()  # a second visitor waits for what the first is computing, and then finds it


def layer_features(
    load: Callable[[], tuple[Any, Any]], texts: Sequence[str], *, checksum: str, max_length: int = 128,
    truncation: str = "head",
    on_progress: Callable[[int, int], None] | None = None, should_stop: Callable[[], bool] | None = None,
) -> np.ndarray:  # fmt: skip
    """(layers + 1, 2, n, width) float16: per layer, 0 the embeddings, the [CLS] vectors and the means over all tokens.

    load: gives a transformer without a head, in eval mode, and its tokenizer; called where there is something to read.
    checksum: tells one model (and its number format) from another; the same checksum, texts and cut are found
    on disk the second time, mapped, not loaded.  float16 keeps 11 bits, more than a bf16 model computes.  Raises
    BadConfig, BadText, Stopped.
    """
    path = _path(checksum, texts, max_length, truncation)
    report = on_progress or (lambda done, total: None)
    with _reading:
        if (found := _read(path, len(texts))) is None:
            model, tokenizer = load()
            check_length(max_length, model.config)
            aside = path.with_name(f".{uuid.uuid4().hex}.npy")
            try:
                _fill(aside, model, tokenizer, texts, (max_length, truncation), report, should_stop)
                os.replace(aside, path)
            finally:
                aside.unlink(missing_ok=True)
            found = _read(path, len(texts))
            assert found is not None
    report(len(texts), len(texts))
    return found


def text_layers(model: Any, tokenizer: Any, text: str, max_length: int = 128, truncation: str = "head") -> np.ndarray:
    """One text's vectors, (layers + 1, 2, width) float32, as `layer_features`; nothing is kept."""
    import torch

    _, batch = next(iter(batches(tokenizer, [text], max_length, batch_tokens(), truncation)))
    inputs = {name: values.to(model.device) for name, values in batch.items()}
    with torch.inference_mode():
        return _two_vectors(model(**inputs, output_hidden_states=True).hidden_states, inputs["attention_mask"])[:, :, 0]


def layers_are_kept(checksum: str, texts: Sequence[str], max_length: int = 128, truncation: str = "head") -> bool:
    """True if `layer_features` of these texts need no reading."""
    return _read(_path(checksum, texts, max_length, truncation), len(texts)) is not None


def _path(checksum: str, texts: Sequence[str], max_length: int, truncation: str) -> Path:
    return cache_dir("layers") / f"{texts_key(f'{checksum} {max_length} {truncation}', texts)}.npy"


def _fill(
    path: Path, model: Any, tokenizer: Any, texts: Sequence[str], cut: tuple[int, str],
    report: Callable[[int, int], None], should_stop: Callable[[], bool] | None,
) -> None:  # fmt: skip
    import torch

    config, done = model.config, 0
    shape = (config.num_hidden_layers + 1, len(STATES), len(texts), config.hidden_size)
    out = np.lib.format.open_memmap(path, "w+", np.float16, shape)
    with torch.inference_mode():
        for rows, batch in batches(tokenizer, texts, cut[0], batch_tokens(), cut[1]):
            if should_stop and should_stop():
                raise Stopped("Stopped while the texts were read.")
            inputs = {name: values.to(model.device) for name, values in batch.items()}
            states = model(**inputs, output_hidden_states=True).hidden_states
            out[:, :, rows] = _two_vectors(states, inputs["attention_mask"])
            done += len(rows)
            report(done, len(texts))
    out.flush()


def _two_vectors(states: Any, mask: Any) -> np.ndarray:
    """Hidden states of all layers, each (n, tokens, width), as (layers + 1, 2, n, width)."""
    import torch

    real = mask.unsqueeze(-1)
    pairs = [torch.stack([each[:, 0].float(), (each.float() * real).sum(1) / real.sum(1)]) for each in states]
    vectors: np.ndarray = torch.stack(pairs).cpu().numpy()
    return vectors


def _read(path: Path, rows: int) -> np.ndarray | None:
    """The vectors of an earlier call; None where there are none, or the file is damaged."""
    try:
        found: np.ndarray = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return None
    return found if found.dtype == np.float16 and found.ndim == 4 and found.shape[2] == rows else None
