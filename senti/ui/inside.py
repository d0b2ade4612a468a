"""A text as the chosen model sees it: what every panel of the Tokens tab reads, computed once per text."""

from functools import lru_cache

import numpy as np

from senti.encoder import Backbone, Inside, clean_text, states
from senti.ui.choice import Choice, chosen_model
from senti.ui.warm import await_models

MAX_LENGTH, DRAWN = 128, 64  # pieces that the model reads, pieces that the maps draw


def inside_of(choice: Choice, text: str, truncation: str = "head") -> Inside:
    """Pieces, hidden states and attention of a text. Raises BadText, BadConfig, MissingModel."""
    return _looked(chosen_model(choice), clean_text(text), truncation)


def pieces_of(inside: Inside) -> list[str]:
    """The pieces that the maps draw."""
    return list(inside.tokens["piece"][:DRAWN])


def cut(values: np.ndarray) -> np.ndarray:
    """The same pieces of an array whose last axis is pieces."""
    return values[..., :DRAWN]


@lru_cache(maxsize=16)
def _looked(backbone: Backbone, text: str, truncation: str) -> Inside:
    await_models()
    return states.look_inside(backbone, text, max_length=MAX_LENGTH, truncation=truncation)
