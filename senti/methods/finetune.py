"""Full fine-tuning: every weight of the transformer and a fresh head learn from the labels."""

import shutil
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from senti.config import FinetuneConfig
from senti.corpus import Corpus
from senti.encoder import load_classifier, load_finetuned, load_tokenizer, resolve_model
from senti.methods.classifier import predictor
from senti.methods.fitted import Fitted
from senti.runs import Run


def fit(config: FinetuneConfig, corpus: Corpus, run: Run) -> Fitted:
    """Train all parameters and save model and tokenizer."""
    model, tokenizer, seconds = learn(config, corpus, run)
    keep(model, tokenizer, run)
    size = sum(p.numel() for p in model.parameters())
    return Fitted(load(run), trained=size, total=size, train_seconds=seconds)


def keep(model: Any, tokenizer: Any, run: Run) -> None:
    """Save a whole classifier with its tokenizer as what the run learned."""
    shutil.rmtree(run.model_path, ignore_errors=True)  # what an earlier worker of the run was killed over
    model.save_pretrained(run.model_path)
    tokenizer.backend_tokenizer.no_truncation()  # else it is saved as its last use, if any, left it: by chance
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.save_pretrained(run.model_path)


def learn(config: FinetuneConfig, corpus: Corpus, run: Run) -> tuple[Any, Any, float]:
    """The trained model, its tokenizer, and the seconds; what each of several processes does."""
    import torch

    from senti.training.trainer import train

    torch.manual_seed(config.seed)  # the fresh head is random: seed it before it is made
    backbone = resolve_model(config.model)
    tokenizer = load_tokenizer(backbone)
    model = load_classifier(backbone, corpus.labels)
    return model, tokenizer, train(model, tokenizer, config, corpus, run)


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved model."""
    config = run.config
    assert isinstance(config, FinetuneConfig)
    return predictor(*restore(run), config)


def restore(run: Run) -> tuple[Any, Any]:
    """The saved classifier and its tokenizer."""
    return load_finetuned(run.model_path)
