"""Which learning rate to begin with: a suggestion from one short training whose rate rises.

Smith 2017, Cyclical Learning Rates for Training Neural Networks, https://arxiv.org/abs/1506.01186. The suggestion is
where the loss falls fastest. It is read off two hundred noisy batches: a start, not the best rate.
"""

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from senti.cache import cache_dir
from senti.config import LoraConfig, TrainConfig, method_name
from senti.corpus import Corpus
from senti.encoder import load_classifier, load_tokenizer, resolve_model
from senti.encoder.facts import reading_checksum
from senti.evaluation.kept import read_rows, write_rows
from senti.evaluation.progress import Report
from senti.numbers import rate

STEPS = 200
BOUNDS = {"finetune": (1e-6, 1e-2), "lora": (1e-5, 1e-1)}  # where nothing moves yet, and where everything breaks
WINDOW = 25  # steps over which the slope is taken: half a power of ten
FALLS = 0.97  # the lowest smoothed loss must be below so much of the first, else there is no fall to speak of
UNUSED = ("lr", "epochs", "warmup", "scheduler", "early_stopping", "tracker")  # knobs that a rising rate makes idle
COLUMNS = ["lr", "loss", "smoothed"]
MEANING = (
    "The suggestion is where the loss falls fastest as the rate rises: a start, not the best rate. It rests on one "
    "short training of a few batches; near the rate at which the loss rises again, take less."
)


@dataclass(frozen=True)
class Found:
    """curve: columns lr, loss, smoothed. suggestion: None where the loss never falls. default: the method's own."""

    method: str
    curve: pd.DataFrame
    suggestion: float | None
    default: float

    @property
    def sentence(self) -> str:
        """What was found, in a sentence."""
        if self.suggestion is None:
            return "The loss does not fall at any of these rates, so there is no suggestion; use more reviews."
        return f"The loss falls fastest at about {rate(self.suggestion)}; the default is {rate(self.default)}."


def find_lr(config: TrainConfig, corpus: Corpus, on_progress: Report | None = None) -> Found:
    """Train the method of a config from its beginning for STEPS steps, its rate rising within BOUNDS; kept on disk.

    The weights are thrown away. lr, epochs and schedule of the config play no part. Raises MissingModel, BadConfig.
    """
    if (known := known_lr(config, corpus)) is not None:
        return known
    import torch

    from senti.methods.lora import adapted
    from senti.training.lr_finder import sweep

    report = on_progress or (lambda share, what: None)
    torch.manual_seed(config.seed)
    backbone = resolve_model(config.model)
    if isinstance(config, LoraConfig):
        model, upper = adapted(backbone, config, corpus.labels), config.upper_layers
    else:
        model, upper = load_classifier(backbone, corpus.labels), 0
    curve = sweep(
        model, load_tokenizer(backbone), config, corpus, *BOUNDS[method_name(config)], STEPS, upper_layers=upper,
        on_step=lambda step: report(step / STEPS, f"step {step} of {STEPS}"),
    )  # fmt: skip
    write_rows(_path(config, corpus), curve)
    return _found(config, curve)


def known_lr(config: TrainConfig, corpus: Corpus) -> Found | None:
    """What `find_lr` found earlier, or None; loads no model."""
    if not reading_checksum(resolve_model(config.model)):
        return None
    curve = read_rows(_path(config, corpus), COLUMNS)
    return None if curve is None else _found(config, curve)


def steepest(curve: pd.DataFrame) -> float | None:
    """The rate at which the smoothed loss falls fastest per power of ten; None where it never falls to speak of."""
    losses, rates = curve["smoothed"].to_numpy(), np.log10(curve["lr"].to_numpy())
    if len(losses) < WINDOW or losses.min() > FALLS * losses[0]:
        return None
    low = int(losses.argmin())
    slopes = {
        i + WINDOW // 2: float(np.polyfit(rates[i : i + WINDOW], losses[i : i + WINDOW], 1)[0])
        for i in range(max(1, min(low, len(losses) - WINDOW)))  # what follows the lowest loss is no fall
    }
    return float(curve["lr"].iloc[min(slopes, key=lambda i: slopes[i])])


def _found(config: TrainConfig, curve: pd.DataFrame) -> Found:
    return Found(method_name(config), curve, steepest(curve), type(config)().lr)


def _path(config: TrainConfig, corpus: Corpus) -> Path:
    knobs: dict[str, Any] = {name: value for name, value in asdict(config).items() if name not in UNUSED}
    parts = [corpus.checksum, method_name(config), STEPS, BOUNDS, sorted(knobs.items(), key=lambda pair: pair[0]),
             reading_checksum(resolve_model(config.model))]  # fmt: skip
    return cache_dir("rates") / f"{hashlib.sha256(repr(parts).encode()).hexdigest()[:40]}.json"
