"""Texts in words or in a script that a model has never seen: it answers all the same, so that is said."""

import functools
from collections.abc import Sequence
from typing import Any

import pandas as pd

from senti.config import EncoderConfig
from senti.encoder import Backbone, load_tokenizer, resolve_model, token_table, unknown_pieces
from senti.runs import Run

MUCH = 0.2  # a larger share of unknown pieces is worth a word


def unknown_notices(runs: Sequence[Run], texts: Sequence[str]) -> tuple[str, ...]:
    """A sentence on each model of these runs that does not know much of the texts."""
    configs = [run.config for run in runs]
    models = dict.fromkeys(resolve_model(c.model) for c in configs if isinstance(c, EncoderConfig))
    said = (unknown_notice(pd.concat([token_table(_tokenizer(b), text) for text in texts]), b.title) for b in models)
    return tuple(sentence for sentence in said if sentence)


def unknown_notice(tokens: pd.DataFrame, model: str) -> str:
    """The same for one model and one table of pieces; empty where it knows enough of them."""
    unknown, own = int(unknown_pieces(tokens).sum()), int((~tokens["special"]).sum())
    if unknown <= MUCH * own:
        return ""
    return (
        f"{model} does not know {unknown:,} of the {own:,} pieces ([UNK]): words or a script it has not seen. "
        "Take its answer with care."
    )


@functools.lru_cache(maxsize=4)
def _tokenizer(backbone: Backbone) -> Any:
    return load_tokenizer(backbone)
