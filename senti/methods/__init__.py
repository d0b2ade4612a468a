"""The methods, one per file, each with `fit(config, corpus, run)` and `load(run)`."""

import importlib
from collections.abc import Callable, Sequence

import numpy as np

from senti.config import TrainConfig, method_name
from senti.corpus import Corpus
from senti.errors import UnknownRun
from senti.methods.fitted import Fitted
from senti.runs import Run

TITLES = {
    "majority": "Majority class",
    "tfidf": "TF-IDF + SVM",
    "svm": "SVM on frozen features",
    "finetune": "Full fine-tuning",
    "lora": "LoRA",
}


def fit(corpus: Corpus, run: Run) -> Fitted:
    """Train the method of a run's config, save it in the run's `model/`, and return it fitted."""
    config = run.config
    return importlib.import_module(f"senti.methods.{method_name(config)}").fit(config, corpus, run)


def learn(corpus: Corpus, run: Run) -> None:
    """One process's share of training a run that another one conducts; nothing to do where training is not shared."""
    config = run.config
    if isinstance(config, TrainConfig):
        importlib.import_module(f"senti.methods.{method_name(config)}").learn(config, corpus, run)


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """What a run learned, as a function: n texts to (n, classes) probabilities. Raises UnknownRun if it saved none."""
    if not run.model_path.is_dir():
        raise UnknownRun(f"{run.name} is {run.status} and has saved no model; choose a finished run.")
    return importlib.import_module(f"senti.methods.{method_name(run.config)}").load(run)


__all__ = ["TITLES", "Fitted", "fit", "learn", "load"]
