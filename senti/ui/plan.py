"""What a run would do before it is started: weights it moves, steps, time, and the same command for a terminal."""

import shlex
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.config import (
    Config,
    DistillConfig,
    EncoderConfig,
    LoraConfig,
    PromptConfig,
    TrainConfig,
    command_line,
    method_name,
    most_texts,
)
from senti.encoder import Backbone, count_parameters, lora_parameters, model_facts, resolve_model
from senti.errors import SentiError
from senti.evaluation.reading import READ
from senti.evaluation.table import run_title
from senti.methods.distill import find_teacher, same_reading
from senti.methods.prompt import descriptions
from senti.numbers import count, duration, percent, size
from senti.runs import Run, list_runs
from senti.training.space import BESIDE, needed
from senti.ui import html
from senti.ui.choice import Choice, chosen_source, read
from senti.ui.forms import Form, read_form
from senti.ui.reviews import tokens_of
from senti.ui.warm import await_models

COUNTED = ("adapter", "lora_rank", "lora_targets", "upper_layers", "max_length")  # knobs that the weights depend on


def planner(root: Path, form: Form) -> Any:
    """The handler that shows the plan of a form."""
    return partial(show_plan, root, form.method, form.names)


def show_plan(root: Path, method: str, names: tuple[str, ...], choice: Choice, *values: Any) -> str:
    """What the form asks for, in words, and as a command; or what is wrong with it."""
    try:
        config = read_form(method, names, choice, values)
        sentences = [
            *_prompts(config, choice),
            _weights(config, choice),
            _cut(config, choice),
            _time(root, config, choice),
            _space(config),
        ]
        if isinstance(config, DistillConfig):
            sentences = [_student(root, config)]
    except SentiError as e:
        return html.problem(str(e))
    words = [sentence for sentence in sentences if sentence]
    return html.paragraphs(words) + _picture(config) + html.folded("The same from a terminal", terminal(config))


def terminal(config: Config) -> str:
    """The command that asks for this config, one flag per line."""
    words = [shlex.quote(word) for word in command_line(config)]  # a column's name must not become a command
    return " ".join(["python -m senti", *(f"\\\n  {word}" if word.startswith("--") else word for word in words)])


def train_rows(config: Config, choice: Choice) -> int | None:
    """How many texts the run would learn from, at most; None while they are still to be fetched."""
    source = chosen_source(choice)
    if not source.is_here:
        return None
    rows = read(source).rows["train"]
    return most_texts(config, min(rows, config.subset) if config.subset else rows)


def _prompts(config: Config, choice: Choice) -> list[str]:
    """What stands for each label, and what is read of the reviews; nothing for methods without prompts."""
    source = chosen_source(choice)
    if not isinstance(config, PromptConfig) or not source.is_here:
        return []
    labels, asks = read(source).labels, config.how == "cosine"
    given = descriptions(config.prompts, labels) if asks else descriptions(config.verbalizer, labels, "verbalizer")
    said = [f"{label}: {', '.join(f'«{each}»' for each in mine)}" for label, mine in zip(labels, given, strict=True)]
    few = f"{config.shots} labelled reviews of each label join its prompts. " if asks and config.shots else ""
    return [*said, f"{few}Nothing is trained: the validation and test reviews are read, which takes seconds."]


def _weights(config: Config, choice: Choice) -> str:
    source = chosen_source(choice)
    if not isinstance(config, TrainConfig) or not source.is_here:
        return ""
    await_models()
    classes, backbone = len(read(source).labels), resolve_model(config.model)
    if isinstance(config, LoraConfig):
        trained, total = _lora(backbone, classes, LoraConfig(**{name: getattr(config, name) for name in COUNTED}))
        return f"Moves {count(trained)} weights, {percent(trained / total, 2)} of {count(total)}."
    return f"Moves all {count(_full(backbone, classes))} weights."


def _student(root: Path, config: DistillConfig) -> str:
    await_models()
    teacher = find_teacher(config, root)
    same_reading(config, teacher)
    layers = "layer" if config.layers == 1 else "layers"
    return (
        f"Takes {config.layers} {layers} of {run_title(teacher.config)} ({teacher.name}), and moves all their weights."
    )


def _cut(config: Config, choice: Choice) -> str:
    """How many reviews are longer than what is read of them; nothing where all are read whole."""
    source = chosen_source(choice)
    if not isinstance(config, EncoderConfig) or not source.is_here:
        return ""
    share = float((tokens_of(source, resolve_model(config.model)) > config.max_length).mean())
    longer = f"{percent(share)} of the training reviews are longer than {config.max_length} tokens"
    return f"{longer}: {READ[config.truncation]}." if share else ""


def _picture(config: Config) -> str:
    """W and its low-rank companions to scale, for the width of the model; only LoRA has any."""
    if not isinstance(config, LoraConfig) or config.adapter not in ("lora", "dora"):
        return ""
    width = _width(resolve_model(config.model))
    return html.matrices(width, config.lora_rank)


def _time(root: Path, config: Config, choice: Choice) -> str:
    rows = train_rows(config, choice)
    if rows is None or not isinstance(config, EncoderConfig) or isinstance(config, PromptConfig):
        return ""
    passes = config.epochs if isinstance(config, TrainConfig) else 1
    rate = speed(root, method_name(config), resolve_model(config.model).title)
    steps = f"{steps_of(config, rows):,} steps. " if isinstance(config, TrainConfig) else ""
    if rate is None:
        return f"{steps}How long that takes is not known before the first such run; one with 200 reviews tells."
    return f"{steps}About {duration(rows * passes / rate)}, judging by the last such run."


def _space(config: Config) -> str:
    """What it writes while it trains, from a tenth of a gigabyte on."""
    bytes_ = needed(config, resolve_model(config.model)) if isinstance(config, TrainConfig) else 0
    return f"Writes up to {size(bytes_)} of checkpoints meanwhile." if bytes_ > BESIDE else ""


def steps_of(config: TrainConfig, rows: int) -> int:
    """How many weight updates a run makes."""
    from senti.training.trainer import total_steps

    return total_steps(config, rows)


def speed(root: Path, method: str, model: str) -> float | None:
    """Reviews per second of the newest finished run of a method on a model, or None."""
    for run in list_runs(root):
        if run.facts.get("method") == method and run.facts.get("model_title") == model and run.status == "finished":
            return _rate(run)
    return None


def _rate(run: Run) -> float | None:
    rates = pd.to_numeric(run.events()["samples_per_second"]).dropna()
    return float(np.median(rates)) if len(rates) else None


@lru_cache(maxsize=32)
def _lora(backbone: Backbone, classes: int, config: LoraConfig) -> tuple[int, int]:
    return lora_parameters(backbone, classes, config)


@lru_cache(maxsize=8)
def _width(backbone: Backbone) -> int:
    await_models()
    return int(model_facts(backbone)["width"])


@lru_cache(maxsize=8)
def _full(backbone: Backbone, classes: int) -> int:
    return count_parameters(backbone, classes)
