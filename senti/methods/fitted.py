"""What a method hands back after training."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Fitted:
    """A trained method: its predictions, its size, and how long training alone took."""

    probabilities: Callable[[Sequence[str]], np.ndarray]  # n texts -> (n, classes), rows sum to 1
    trained: int  # parameters that training changed
    total: int  # parameters that a prediction uses
    train_seconds: float
    notes: tuple[str, ...] = ()  # what a reader of the result should know
    known: Mapping[str, np.ndarray] = field(default_factory=dict)  # splits whose probabilities cost nothing more
