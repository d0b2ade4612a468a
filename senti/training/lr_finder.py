"""A short training whose learning rate rises step by step: where does the loss fall, where does it break?

Smith 2017, Cyclical Learning Rates for Training Neural Networks, https://arxiv.org/abs/1506.01186.
"""

import math
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd
from transformers import PrinterCallback, TrainerCallback

from senti.config import TrainConfig
from senti.corpus import Corpus
from senti.encoder.tokens import encode
from senti.errors import Stopped
from senti.runs import Run
from senti.training.trainer import (
    Collator,
    QuickTrainer,
    Texts,
    arguments,
    cross_entropy,
    made_ready,
    unwrapped,
)
from senti.training.upper import StateCollator, lower_skipped, lower_states

WINDOW = 11  # steps that a smoothed loss is the mean of: a batch of 16 says little by itself
BROKEN = 4.0  # times the lowest smoothed loss, from which on the training is broken
COLUMNS = ["lr", "loss", "smoothed"]


def sweep(
    model: Any, tokenizer: Any, config: TrainConfig, corpus: Corpus, low: float, high: float, steps: int,
    *, upper_layers: int = 0, on_step: Callable[[int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Train `model` for so many steps, the rate rising exponentially from low to high; columns lr, loss, smoothed.

    A row holds the loss of the batch that came after a step with this rate, and the mean of the WINDOW rows round it.
    It ends early where the loss has become BROKEN times its lowest, or is no number. Texts are drawn from the training
    reviews with the config's seed, in batches as in any training. Saves nothing. Raises Stopped.
    """
    train = corpus.splits["train"]
    most = min(len(train), steps * config.batch_size * config.gradient_accumulation)
    drawn = train.iloc[np.random.default_rng(config.seed).permutation(len(train))[:most]]
    ids = [np.array(each) for each in encode(tokenizer, list(drawn["text"]), config.max_length, config.truncation)
           ["input_ids"]]  # fmt: skip
    labels, pad, model = drawn["label"].to_numpy(), tokenizer.pad_token_id, made_ready(model, config.precision)
    watcher = _Watcher(low, high, steps, on_step or (lambda step: None), should_stop or (lambda: False))
    if not upper_layers:
        _train(model, config, Texts(ids, labels), Collator(pad), watcher)
    else:
        inner = unwrapped(model)
        states = lower_states(inner, ids, pad, upper_layers, should_stop or (lambda: False))
        with lower_skipped(inner, upper_layers):
            _train(model, config, Texts(states, labels), StateCollator(), watcher)
    if watcher.stopped:
        raise Stopped("The search for a learning rate was stopped.")
    return watcher.rows()


def _train(model: Any, config: TrainConfig, texts: Texts, collator: Any, watcher: "_Watcher") -> None:
    with tempfile.TemporaryDirectory() as folder:
        args = arguments(replace(config, lr=watcher.low, tracker="none"), Run(Path(folder)), len(texts))
        args.max_steps, args.logging_steps = watcher.steps, 1
        args.eval_strategy = args.save_strategy = "no"
        args.eval_on_start = False
        trainer = _Rising(watcher, model=model, args=args, train_dataset=texts, data_collator=collator,
                          compute_loss_func=cross_entropy)  # fmt: skip
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(watcher)
        trainer.train()


class _Rising(QuickTrainer):
    """The trainer of every run, with another schedule."""

    def __init__(self, watcher: "_Watcher", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.watcher = watcher

    def create_scheduler(self, num_training_steps: int, optimizer: Any = None) -> Any:
        """From low to high, each step the same factor."""
        from torch.optim.lr_scheduler import LambdaLR

        if self.lr_scheduler is None:
            self.lr_scheduler = LambdaLR(optimizer or cast(Any, self.optimizer), lambda step: self.watcher.factor**step)
        return self.lr_scheduler


class _Watcher(TrainerCallback):
    """Keeps the loss of each step, and ends the training where it breaks or somebody wants that."""

    def __init__(
        self, low: float, high: float, steps: int, on_step: Callable[[int], None], should_stop: Callable[[], bool]
    ) -> None:
        self.low, self.steps, self.on_step, self.should_stop = low, steps, on_step, should_stop
        self.factor = (high / low) ** (1 / max(1, steps - 1))
        self.losses: list[float] = []
        self.stopped = False

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Hear of a wish to stop."""
        self.on_step(state.global_step)
        if self.should_stop():
            self.stopped = control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The loss of one step."""
        if "loss" not in kwargs["logs"]:
            return
        loss = float(kwargs["logs"]["loss"])
        if not math.isfinite(loss):
            control.should_training_stop = True
            return
        self.losses.append(loss)
        means = trailing(self.losses)
        if means[-1] > BROKEN * min(means):
            control.should_training_stop = True

    def rows(self) -> pd.DataFrame:
        """Each loss beside the rate of the step before it, which is the last that could change it."""
        losses = np.array(self.losses[1:])
        return pd.DataFrame({"lr": self.low * self.factor ** np.arange(len(losses)), "loss": losses,
                             "smoothed": centred(losses)})[COLUMNS]  # fmt: skip


def trailing(losses: list[float]) -> list[float]:
    """Of each place the mean of the WINDOW losses up to it, of fewer at the beginning."""
    return pd.Series(losses).rolling(WINDOW, min_periods=1).mean().to_list()


def centred(losses: np.ndarray) -> np.ndarray:
    """Of each place the mean of the WINDOW losses round it, of fewer at the ends."""
    return pd.Series(losses).rolling(WINDOW, min_periods=1, center=True).mean().to_numpy(float)
