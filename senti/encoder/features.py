"""The feature engine: texts to one vector each, from a frozen backbone, kept on disk."""

import functools
import hashlib
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from senti.cache import cache_dir
from senti.encoder.backbone import Backbone
from senti.encoder.batches import batches
from senti.encoder.facts import check_length, reading_checksum
from senti.encoder.lean import make_lean
from senti.encoder.load import load_backbone, load_tokenizer
from senti.encoder.machine import batch_tokens, device, resolve_precision, settle
from senti.encoder.tokens import fit_text
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
    precision: str = "auto",
    tokens_per_batch: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    cache: bool = True,
) -> np.ndarray:
    """One vector per text, (n, width) float32, in the order given.

    layer: 0 embeddings, 1 first layer, ..., -1 last.  pooling: the first token, or mean or maximum over all real
    tokens, specials included (as sentence-transformers does).  precision: number format of the matrix products; in
    bf16 the cosine to fp32 is above 0.999.  tokens_per_batch: None suits the machine.  Results are kept under a key
    made of weights, texts and settings; a later call with the same ones reads them back.  Beyond texts and results,
    memory does not grow with n.  Raises BadConfig, BadText, MissingModel, Stopped.
    """
    if pooling not in POOLINGS:
        raise BadConfig(f"pooling is {pooling!r}; choose one of {', '.join(POOLINGS)}.")
    if tokens_per_batch is not None and tokens_per_batch < 1:
        raise BadConfig(f"tokens_per_batch is {tokens_per_batch}; it must be at least 1.")
    how = _How(layer, pooling, max_length, resolve_precision(precision))
    report = on_progress or (lambda done, total: None)
    path = _path(backbone, texts, how) if cache else None
    found = _read(path, len(texts)) if path else None
    if found is None:
        found = _compute(backbone, texts, how, tokens_per_batch or batch_tokens(), report, should_stop)
        if path:
            _write(path, found)
    report(len(texts), len(texts))
    return found


@dataclass(frozen=True)
class _How:
    """All that decides the vectors, beside backbone and texts."""

    layer: int
    pooling: str
    max_length: int
    precision: str


def _compute(
    backbone: Backbone, texts: Sequence[str], how: _How, tokens: int, report: Callable[[int, int], None],
    should_stop: Callable[[], bool] | None,
) -> np.ndarray:  # fmt: skip
    import torch

    model, tokenizer = _ready(backbone, how.precision)
    _check_layer(how.layer, model.config.num_hidden_layers)
    check_length(how.max_length, model.config)
    out = np.zeros((len(texts), model.config.hidden_size), dtype=np.float32)
    done = 0
    with torch.inference_mode():
        for rows, batch in batches(tokenizer, texts, how.max_length, tokens):
            if should_stop and should_stop():
                raise Stopped("Stopped while the texts were read.")
            batch = {name: values.to(device()) for name, values in batch.items()}
            if how.layer in (-1, model.config.num_hidden_layers):
                states = model(**batch).last_hidden_state
            else:
                states = model(**batch, output_hidden_states=True).hidden_states[how.layer]
            out[rows] = _pool(states, batch["attention_mask"], how.pooling).float().cpu().numpy()
            done += len(rows)
            report(done, len(texts))
    return out


def _pool(states: Any, mask: Any, pooling: str) -> Any:
    """(n, tokens, width) to (n, width); padding counts for nothing."""
    if pooling == "cls":
        return states[:, 0]
    real = mask.unsqueeze(-1).bool()
    if pooling == "max":
        return states.masked_fill(~real, float("-inf")).amax(dim=1)
    return (states.float() * real).sum(dim=1) / real.sum(dim=1)


def _check_layer(layer: int, layers: int) -> None:
    if not -1 <= layer <= layers:
        raise BadConfig(f"layer is {layer}; this model has 0 (embeddings) to {layers}, or -1 for the last.")


def _ready(backbone: Backbone, precision: str) -> tuple[Any, Any]:
    with _loading:
        return _loaded(backbone, precision)


@functools.lru_cache(maxsize=2)
def _loaded(backbone: Backbone, precision: str) -> tuple[Any, Any]:
    model = settle(load_backbone(backbone), precision)
    make_lean(model)
    return model, load_tokenizer(backbone)


def _path(backbone: Backbone, texts: Sequence[str], how: _How) -> Path:
    checksum = reading_checksum(backbone)
    if not checksum:  # not downloaded yet: only what is here can be told apart from its successor
        _ready(backbone, how.precision)
        checksum = reading_checksum(backbone)
    key = hashlib.sha256(f"{checksum} {how} {len(texts)}".encode())
    for text in texts:
        key.update(hashlib.sha256(fit_text(text).encode()).digest())
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
