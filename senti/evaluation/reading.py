"""What a run reads of a text: all of it, or of a long one only a part."""

import functools
from collections.abc import Sequence
from typing import Any

import pandas as pd

from senti.config import EncoderConfig, FinetuneConfig
from senti.encoder import count_tokens, load_tokenizer, resolve_model, token_table
from senti.runs import Run

READ = {
    "head": "only the beginning is read",
    "tail": "only the end is read",
    "head+tail": "a quarter is read from the beginning, the rest from the end",
}


def pieces_read(run: Run, text: str) -> pd.DataFrame | None:
    """The pieces of a text that a run reads, as `token_table`; None for methods that read every word."""
    config = run.config
    if not isinstance(config, EncoderConfig):
        return None
    return token_table(_tokenizer(run), text, config.max_length, config.truncation)


def cut_texts(run: Run, texts: Sequence[str]) -> int:
    """How many of the texts are longer than what the run reads of a text."""
    config = run.config
    if not isinstance(config, EncoderConfig):
        return 0
    return int((count_tokens(_tokenizer(run), texts) > config.max_length).sum())


def cut_notes(runs: Sequence[Run], texts: Sequence[str]) -> list[str]:
    """A sentence per run that reads only a part of some of the texts; runs that cut alike share one."""
    cut = {run: n for run in runs if (n := cut_texts(run, texts))}
    said: dict[str, list[str]] = {}
    for run, n in cut.items():
        said.setdefault(cut_sentence(run.config, n, len(texts)), []).append(run.name)  # type: ignore[arg-type]
    return [f"{', '.join(names)}: {sentence}" for sentence, names in said.items()]


def cut_sentence(config: EncoderConfig, cut: int, total: int, what: str = "texts") -> str:
    """How many were cut, and what was read of them."""
    longer = f"{cut:,} of {total:,} {what} {'is' if cut == 1 else 'are'} longer than {config.max_length} tokens"
    return f"{longer}: {READ[config.truncation]}." if cut else f"{longer}."


@functools.lru_cache(maxsize=8)
def _tokenizer(run: Run) -> Any:
    full = isinstance(run.config, FinetuneConfig)  # such a run keeps its own, and needs no backbone any more
    return load_tokenizer(resolve_model(str(run.model_path) if full else run.config.model))  # type: ignore[attr-defined]
