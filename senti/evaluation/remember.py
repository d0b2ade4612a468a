"""A run that remembers its last answers: whoever explains a text asks for the same shortened texts again and again."""

import functools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from senti.methods import load_predictor
from senti.runs import Run

KEPT_IN_MEMORY = 8  # runs
MOST = 4096  # texts per run; a megabyte

Predict = Callable[[Sequence[str]], np.ndarray]


def remembered(run: Run) -> Predict:
    """The run's predictor, with the answers that it gave last."""
    return _remembered(run.path, run.saved)


@functools.lru_cache(maxsize=KEPT_IN_MEMORY)
def _remembered(path: Path, saved: int) -> Predict:
    return remembering(load_predictor(Run(path)))


def remembering(predict: Predict, most: int = MOST) -> Predict:
    """The same function of one text or more, which asks `predict` for those alone that it has not answered lately."""
    known: dict[str, np.ndarray] = {}
    lock = threading.Lock()

    def answer(texts: Sequence[str]) -> np.ndarray:
        with lock:
            new = [text for text in dict.fromkeys(texts) if text not in known]
            if new:
                known.update(zip(new, predict(new), strict=True))
            answers = np.stack([known[text] for text in texts])
            for text in list(known)[: max(0, len(known) - most)]:
                del known[text]
        return answers

    return answer
