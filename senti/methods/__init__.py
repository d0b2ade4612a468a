"""The methods, one per file, each with `fit(config, corpus, run)` and `load(run)`."""

import functools
import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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
    "distill": "Distillation",
    "ensemble": "Ensemble",
    "prompt": "Prompt",
}
KEPT_IN_MEMORY = 8  # predictors; a MiniLM takes 90 MB, a DistilBERT 260 MB


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


def load_predictor(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """What a run learned, kept in memory for the next call: n texts to (n, classes) probabilities."""
    return _predictor(run.path, run.saved)


@functools.lru_cache(maxsize=KEPT_IN_MEMORY)
def _predictor(path: Path, saved: int) -> Callable[[Sequence[str]], np.ndarray]:
    predict = load(Run(path))
    predict(["a film"])  # loads what is loaded on first use, so that no visitor's time tells of it
    return predict


def restore(run: Run) -> tuple[Any, Any]:
    """The classifier and the tokenizer of a run that trained a transformer. Raises UnknownRun for any other."""
    if not isinstance(run.config, TrainConfig):
        raise UnknownRun(f"{run.name} trained no transformer; choose a run of full fine-tuning or LoRA.")
    if not run.model_path.is_dir():
        raise UnknownRun(f"{run.name} is {run.status} and has saved no model; choose a finished run.")
    classifier, tokenizer = importlib.import_module(f"senti.methods.{method_name(run.config)}").restore(run)
    return classifier, tokenizer


__all__ = ["TITLES", "Fitted", "fit", "learn", "load", "load_predictor", "restore"]
