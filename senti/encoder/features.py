"""The feature engine: texts to one vector each, from a frozen backbone, kept on disk."""

import functools
import os
import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from senti.encoder.tokens import texts_key
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
    truncation: str = "head",
    precision: str = "auto",
    tokens_per_batch: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
    cache: bool = True,
    also: Sequence[str] = (),
) -> np.ndarray:
    """One vector per text, (n, width) float32, in the order given.

    layer: 0 embeddings, 1 first layer, ..., -1 last.  pooling: the first token, or mean or maximum over all real
    tokens, specials included (as sentence-transformers does).  truncation: which part of a text of more than
    max_length tokens is read: head, tail or head+tail.  precision: number format of the matrix products; in
    bf16 the cosine to fp32 is above 0.999.  tokens_per_batch: None suits the machine.  Results are kept under a key
    made of weights, texts and settings; a later call with the same ones reads them back.  also: poolings that are made
    in the same pass, where there is one, and kept for a later call.  Beyond texts and results, memory does not grow
    with n.  Raises BadConfig, BadText, MissingModel, Stopped.
    """
    for name in (pooling, *also):
        if name not in POOLINGS:
            raise BadConfig(f"pooling is {name!r}; choose one of {', '.join(POOLINGS)}.")
    if tokens_per_batch is not None and tokens_per_batch < 1:
        raise BadConfig(f"tokens_per_batch is {tokens_per_batch}; it must be at least 1.")
    how = _How(layer, pooling, max_length, truncation, resolve_precision(precision))
    report = on_progress or (lambda done, total: None)
    path = _path(backbone, texts, how) if cache else None
    found = _read(path, len(texts)) if path else None
    if found is None:
        poolings = list(dict.fromkeys((pooling, *also))) if cache else [pooling]
        tokens = tokens_per_batch or batch_tokens()
        made = _compute(backbone, texts, how, poolings, tokens, report, should_stop)
        found = made[pooling]
        if cache:
            for name, vectors in made.items():
                _write(_path(backbone, texts, replace(how, pooling=name)), vectors)
    report(len(texts), len(texts))
    return found


def features_are_kept(
    backbone: Backbone, texts: Sequence[str], *, layer: int = -1, pooling: str = "cls", max_length: int = 128,
    truncation: str = "head", precision: str = "auto",
) -> bool:  # fmt: skip
    """True if `features` of these need no reading; loads no model."""
    how = _How(layer, pooling, max_length, truncation, resolve_precision(precision))
    return bool(reading_checksum(backbone)) and _read(_path(backbone, texts, how), len(texts)) is not None


@dataclass(frozen=True)
class _How:
    """All that decides the vectors, beside backbone and texts."""

    layer: int
    pooling: str
    max_length: int
    truncation: str
    precision: str


def _compute(
    backbone: Backbone, texts: Sequence[str], how: _How, poolings: Sequence[str], tokens: int,
    report: Callable[[int, int], None], should_stop: Callable[[], bool] | None,
) -> dict[str, np.ndarray]:  # fmt: skip
    """One array per pooling, all from one pass over the texts."""
    import torch

    model, tokenizer = _ready(backbone, how.precision, first_token=poolings == ["cls"] and how.layer == -1)
    _check_layer(how.layer, model.config.num_hidden_layers)
    check_length(how.max_length, model.config)
    out = {name: np.zeros((len(texts), model.config.hidden_size), dtype=np.float32) for name in poolings}
    done = 0
    with torch.inference_mode():
        for rows, batch in batches(tokenizer, texts, how.max_length, tokens, how.truncation):
            if should_stop and should_stop():
                raise Stopped("Stopped while the texts were read.")
            batch = {name: values.to(device()) for name, values in batch.items()}
            if how.layer in (-1, model.config.num_hidden_layers):
                states = model(**batch).last_hidden_state
            else:
                states = model(**batch, output_hidden_states=True).hidden_states[how.layer]
            for name, vectors in out.items():
                vectors[rows] = _pool(states, batch["attention_mask"], name).float().cpu().numpy()
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


def _ready(backbone: Backbone, precision: str, first_token: bool = False) -> tuple[Any, Any]:
    with _loading:
        return _loaded(backbone, precision, first_token)


@functools.lru_cache(maxsize=2)
def _loaded(backbone: Backbone, precision: str, first_token: bool) -> tuple[Any, Any]:
    model = settle(load_backbone(backbone), precision)
    make_lean(model, first_token)
    return model, load_tokenizer(backbone)


def _path(backbone: Backbone, texts: Sequence[str], how: _How) -> Path:
    checksum = reading_checksum(backbone)
    if not checksum:  # not downloaded yet: only what is here can be told apart from its successor
        _ready(backbone, how.precision)
        checksum = reading_checksum(backbone)
    return cache_dir("features") / f"{texts_key(f'{checksum} {how}', texts)}.npy"


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
