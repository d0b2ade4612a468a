"""The feature engine: texts to one vector each, from a frozen backbone, kept on disk."""

import functools
import hashlib
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from senti.cache import cache_dir
from senti.encoder.backbone import Backbone
from senti.encoder.facts import check_length, reading_checksum
from senti.encoder.load import load_backbone, load_tokenizer
from senti.encoder.tokens import encode, fit_text
from senti.errors import BadConfig, Stopped

POOLINGS = ("cls", "mean", "max")
_loading = threading.Lock()


def features(
    backbone: Backbone,
    texts: Sequence[str],
    *,
    layer: int = -1,
    pooling: str = "cls",
    max_length: int = 128,
    batch_size: int = 64,
    on_progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    cache: bool = True,
) -> np.ndarray:
    """One vector per text, (n, width) float32, in the order given.

    layer: 0 embeddings, 1 first layer, ..., -1 last.  pooling: the first token, or mean or maximum over all real
    tokens, specials included (as sentence-transformers does).  Results are kept under a key made of weights, texts
    and settings; a later call with the same ones reads them back.  Raises BadConfig, BadText, MissingModel, Stopped.
    """
    texts = [fit_text(text) for text in texts]
    if pooling not in POOLINGS:
        raise BadConfig(f"pooling is {pooling!r}; choose one of {', '.join(POOLINGS)}.")
    if batch_size < 1:
        raise BadConfig(f"batch_size is {batch_size}; it must be at least 1.")
    report = on_progress or (lambda done, total: None)
    path = _path(backbone, texts, layer, pooling, max_length) if cache else None
    found = _read(path, len(texts)) if path else None
    if found is None:
        found = _compute(backbone, texts, layer, pooling, max_length, batch_size, report, should_stop)
        if path:
            _write(path, found)
    report(len(texts), len(texts))
    return found


def _compute(
    backbone: Backbone, texts: Sequence[str], layer: int, pooling: str, max_length: int, batch_size: int,
    report: Callable[[int, int], None], should_stop: Callable[[], bool] | None,
) -> np.ndarray:  # fmt: skip
    """Texts of like length share a batch, so that little is spent on padding."""
    import torch

    model, tokenizer = _ready(backbone)
    _check_layer(layer, model.config.num_hidden_layers)
    check_length(max_length, model.config)
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]), reverse=True)
    out = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), batch_size):
            if should_stop and should_stop():
                raise Stopped("Stopped while the texts were read.")
            rows = order[start : start + batch_size]
            batch = encode(
                tokenizer, [texts[i] for i in rows], truncation=True, max_length=max_length, padding=True,
                return_tensors="pt",
            )  # fmt: skip
            states = model(**batch, output_hidden_states=True).hidden_states[layer]
            out[rows] = _pool(states, batch["attention_mask"], pooling).numpy()
            report(start + len(rows), len(texts))
    return out


def _pool(states: Any, mask: Any, pooling: str) -> Any:
    """(n, tokens, width) to (n, width); padding counts for nothing."""
    if pooling == "cls":
        return states[:, 0]
    real = mask.unsqueeze(-1).bool()
    if pooling == "max":
        return states.masked_fill(~real, float("-inf")).amax(dim=1)
    return (states * real).sum(dim=1) / real.sum(dim=1)


def _check_layer(layer: int, layers: int) -> None:
    if not -1 <= layer <= layers:
        raise BadConfig(f"layer is {layer}; this model has 0 (embeddings) to {layers}, or -1 for the last.")


def _ready(backbone: Backbone) -> tuple[Any, Any]:
    with _loading:
        return _loaded(backbone)


@functools.lru_cache(maxsize=2)
def _loaded(backbone: Backbone) -> tuple[Any, Any]:
    return load_backbone(backbone), load_tokenizer(backbone)


def _path(backbone: Backbone, texts: Sequence[str], layer: int, pooling: str, max_length: int) -> Path:
    checksum = reading_checksum(backbone)
    if not checksum:  # not downloaded yet: only what is here can be told apart from its successor
        _ready(backbone)
        checksum = reading_checksum(backbone)
    key = hashlib.sha256(f"{checksum} {layer} {pooling} {max_length} {len(texts)}".encode())
    for text in texts:
        key.update(hashlib.sha256(text.encode()).digest())
    return cache_dir("features") / f"{key.hexdigest()[:40]}.npy"


def _read(path: Path, rows: int) -> np.ndarray | None:
    """The vectors of an earlier call; None where there are none, or the file is damaged."""
    try:
        found = np.load(path)
    except (OSError, ValueError, EOFError):
        return None
    whole = isinstance(found, np.ndarray) and found.dtype == np.float32 and found.ndim == 2 and len(found) == rows
    return found if whole else None


def _write(path: Path, values: np.ndarray) -> None:
    aside = path.with_name(f".{uuid.uuid4().hex}.npy")
    try:
        np.save(aside, values)
        os.replace(aside, path)
    except OSError:  # a full disk costs the next call its short cut, not this one its answer
        aside.unlink(missing_ok=True)
