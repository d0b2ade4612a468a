"""Frozen transformer, few trained weights beside it, through PEFT: LoRA (Hu et al. 2021) or another adapter."""

import shutil
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from senti.config import PROMPTED, LoraConfig
from senti.corpus import Corpus
from senti.encoder import (
    Backbone,
    load_adapter,
    load_classifier,
    load_tokenizer,
    lora_settings,
    quiet,
    resolve_model,
)
from senti.methods.classifier import predictor
from senti.methods.fitted import Fitted
from senti.runs import Run


def fit(config: LoraConfig, corpus: Corpus, run: Run) -> Fitted:
    """Train adapter and head, and save them without the frozen weights."""
    model, seconds = learn(config, corpus, run)
    # the adapter names its base by Hub id: a path would break on any other machine
    model.peft_config["default"].base_model_name_or_path = resolve_model(config.model).hub_id
    shutil.rmtree(run.model_path, ignore_errors=True)  # what an earlier worker of the run was killed over
    model.save_pretrained(run.model_path, save_embedding_layers=False)
    (run.model_path / "README.md").unlink(missing_ok=True)  # PEFT's blank model card
    trained, total = model.get_nb_trainable_parameters()
    return Fitted(load(run), trained, total, seconds)


def learn(config: LoraConfig, corpus: Corpus, run: Run) -> tuple[Any, float]:
    """The adapted model and the seconds it took; what each of several processes does."""
    import torch

    from senti.training.trainer import train

    torch.manual_seed(config.seed)
    backbone = resolve_model(config.model)
    model = adapted(backbone, config, corpus.labels)
    return model, train(model, load_tokenizer(backbone), config, corpus, run, config.upper_layers)


def adapted(backbone: Backbone, config: LoraConfig, labels: Sequence[str]) -> Any:
    """A classifier on the backbone, wrapped by PEFT: only adapter and head require gradients."""
    from peft import get_peft_model

    settings = lora_settings(backbone, config)
    with quiet():  # PEFT calls what transformers has renamed
        return get_peft_model(load_classifier(backbone, labels), settings, autocast_adapter_dtype=False)


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved adapter on the backbone it was trained on."""
    config = run.config
    assert isinstance(config, LoraConfig)
    return predictor(*restore(run), config)


def restore(run: Run) -> tuple[Any, Any]:
    """The classifier, the saved adapter merged into its backbone where it changes weights, and its tokenizer."""
    config = run.config
    assert isinstance(config, LoraConfig)
    backbone = resolve_model(config.model)
    model = load_adapter(backbone, run.model_path, run.facts["data"]["labels"], config.adapter)
    if config.adapter not in PROMPTED:
        with quiet():
            model = model.merge_and_unload()  # one product per projection in place of three
    return model, load_tokenizer(backbone)
