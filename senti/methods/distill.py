"""Knowledge distillation: a student of fewer layers learns from the labels and from a finished run's answers.

It begins as its teacher with layers left out, as DistilBERT did (Sanh et al. 2019), embeddings and head included; the
loss is that of Hinton et al. 2015. What it becomes is an ordinary model, which needs its teacher no more.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from senti.config import PROMPTED, DistillConfig, EncoderConfig, FinetuneConfig, LoraConfig, TrainConfig, with_knobs_of
from senti.corpus import Corpus, unlabelled_texts
from senti.encoder import (
    ARCHITECTURES,
    architecture,
    load_finetuned,
    resolve_model,
    resolve_precision,
    settle,
)
from senti.encoder.load import load_config
from senti.errors import BadConfig, UnknownRun
from senti.methods import restore as restored
from senti.methods.classifier import logits, predictor
from senti.methods.finetune import keep
from senti.methods.fitted import Fitted
from senti.runs import Run, open_run


def may_teach(run: Run) -> bool:
    """True for a finished run of full fine-tuning, or of an adapter that changes the transformer itself."""
    if run.status != "finished":
        return False
    config = run.config
    return isinstance(config, FinetuneConfig) or (isinstance(config, LoraConfig) and config.adapter not in PROMPTED)


def find_teacher(config: DistillConfig, root: Path) -> Run:
    """The teacher, of which so many layers can be taken. Raises BadConfig, MissingModel, UnknownRun."""
    if not config.teacher:
        raise BadConfig("teacher is empty; name a finished run of full fine-tuning or LoRA, `senti runs` lists them.")
    run = open_run(root, config.teacher)
    if run.status != "finished":
        raise UnknownRun(f"{run.name} is {run.status}; a teacher is a finished run.")
    if not may_teach(run):
        raise BadConfig(
            f"teacher is {run.name!r}, a run of {run.facts['method']}, which has no layers of its own to hand on; name "
            "one of full fine-tuning or LoRA."
        )
    assert isinstance(run.config, TrainConfig)
    told = load_config(resolve_model(run.config.model))
    if not architecture(told.model_type).layers:
        able = [kind for kind, known in ARCHITECTURES.items() if known.layers]
        raise BadConfig(
            f"{run.name} is a {told.model_type}, whose layers cannot be left out; name a teacher that is one of "
            f"{', '.join(able)}."
        )
    if config.layers > told.num_hidden_layers:
        raise BadConfig(f"layers is {config.layers}; {run.name} has {told.num_hidden_layers}, take as many or fewer.")
    return run


def same_reading(config: DistillConfig, teacher: Run) -> DistillConfig:
    """The config with the teacher's reviews and model, read as it reads. Raises BadConfig where it asks for others."""
    why = "a student takes the reviews and the model of its teacher"
    return with_knobs_of(config, teacher.config, EncoderConfig, teacher.name, why)


def fit(config: DistillConfig, corpus: Corpus, run: Run) -> Fitted:
    """Train the student and save it with its tokenizer."""
    model, tokenizer, seconds, unlabelled = _learn(config, corpus, run)
    keep(model, tokenizer, run)
    size = sum(p.numel() for p in model.parameters())
    teacher = open_run(run.path.parent, config.teacher)
    theirs = (teacher.result or {})["parameters"]["total"]
    notes = [f"Taught by {teacher.name}: {config.layers} of its layers, {size / theirs:.0%} of its weights."]
    notes += [f"Learned from {unlabelled:,} texts without labels, too."] if unlabelled else []
    return Fitted(load(run), size, size, seconds, tuple(notes))


def learn(config: DistillConfig, corpus: Corpus, run: Run) -> None:
    """What each of several processes does."""
    _learn(config, corpus, run)


def _learn(config: DistillConfig, corpus: Corpus, run: Run) -> tuple[Any, Any, float, int]:
    """The student, its tokenizer, the seconds it took, and the number of unlabelled texts."""
    import torch

    from senti.training.distilling import Lesson
    from senti.training.trainer import train

    teacher = find_teacher(config, run.path.parent)
    more = unlabelled_texts(config.unlabelled, corpus) if config.unlabelled else []
    lesson = Lesson(more, ask(teacher, config, [*corpus.splits["train"]["text"], *more]), config.temperature,
                    config.alpha)  # fmt: skip
    torch.manual_seed(config.seed)
    model, tokenizer = restored(teacher)
    shorten(model, config.layers)
    model.requires_grad_(True)  # PEFT hands a merged model back frozen
    return model, tokenizer, train(model, tokenizer, config, corpus, run, lesson=lesson), len(more)


def ask(teacher: Run, config: DistillConfig, texts: Sequence[str]) -> np.ndarray:
    """The teacher's logits, (n, classes)."""
    model, tokenizer = restored(teacher)
    model = settle(model, resolve_precision(config.precision)).eval()
    return logits(model, tokenizer, texts, config.max_length, config.truncation)


def shorten(model: Any, layers: int) -> None:
    """Leave out layers of a classifier, in place: those that stay lie evenly, the first and the last among them."""
    from torch import nn

    parent, _, name = architecture(model.config.model_type).layers.rpartition(".")
    holder = model.base_model.get_submodule(parent)
    every = getattr(holder, name)
    setattr(holder, name, nn.ModuleList([every[i] for i in kept(len(every), layers)]))
    model.config.num_hidden_layers = layers


def kept(there: int, layers: int) -> list[int]:
    """Which of the layers stay, numbered from 0: of 6, 3 are 0, 2 and 5; one alone is the first."""
    return [int(place) for place in np.linspace(0, there - 1, layers)]


def load(run: Run) -> Callable[[Sequence[str]], np.ndarray]:
    """Texts to probabilities, from the saved student."""
    config = run.config
    assert isinstance(config, DistillConfig)
    return predictor(*restore(run), config)


def restore(run: Run) -> tuple[Any, Any]:
    """The saved student and its tokenizer."""
    return load_finetuned(run.model_path)
