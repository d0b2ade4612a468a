"""What a run shows that tells what to try next: the lab's tips, each where its symptom is.

A failure says its own next step (`senti.runs.failure`, `Diverged`); here are the symptoms of runs that go on or finish.
"""

from typing import Any

import numpy as np
import pandas as pd

from senti.config import Config, FinetuneConfig, LoraConfig, MajorityConfig, SvmConfig, TrainConfig
from senti.evaluation.scores import wilson
from senti.numbers import duration, percent, rate
from senti.runs import Run

PARTS = 8  # of the logged losses; a part's mean is what is looked at, for a single batch's loss is mostly noise
LEAST_LOSSES = 4 * PARTS  # below, a part is not four batches and its mean still noise
RISE = 1.15  # and by more than two standard errors: means of parts wander from one to the next
WORSE = 1.1  # a validation loss is of the same reviews each time: a tenth above its lowest is beyond its noise
ONE_CLASS = 0.95  # so much of all answers, where no label has more than nine tenths of the reviews
CUT = 0.1  # were each cut review of two labels answered by chance, a tenth of them would cost at most five points
SLOW = 300  # seconds on a CPU, from which a quicker way is worth a sentence in a lesson


def hints(run: Run) -> list[str]:
    """A sentence per symptom that the run shows so far, what was seen first, then what to try next."""
    return hints_of(run.config, run.events(), run.result if run.status == "finished" else None)


def hints_of(config: Config, events: pd.DataFrame, result: dict[str, Any] | None) -> list[str]:
    """The same from a run's knobs, its events as `Run.events` gives them, and result.json's content, None before."""
    found = [*_losses(config, events)] if isinstance(config, TrainConfig) else []
    if result:
        found += [_one_class(config, result) or _no_better(config, result), _cut(result), _slow(config, result)]
    return [hint for hint in found if hint]


def _losses(config: TrainConfig, events: pd.DataFrame) -> list[str]:
    return [_rises(config, _column(events, "train")), _diverges(_column(events, "validation"))]


def _column(events: pd.DataFrame, split: str) -> np.ndarray:
    return pd.to_numeric(events["loss"][(events["split"] == split) & (events["step"] > 0)]).dropna().to_numpy(float)


def _rises(config: TrainConfig, losses: np.ndarray) -> str:
    """The training loss ends above its lowest."""
    if len(losses) < LEAST_LOSSES:
        return ""
    parts = np.array_split(losses, PARTS)
    means = [float(part.mean()) for part in parts]
    lowest = parts[int(np.argmin(means))]
    noise = float(np.hypot(*(part.std() / len(part) ** 0.5 for part in (lowest, parts[-1]))))
    if means[-1] < max(RISE * min(means), min(means) + 2 * noise):
        return ""
    advice = f"Take a lower learning rate, {rate(config.lr / 3)} instead of {rate(config.lr)}, or a longer warm-up"
    if isinstance(config, LoraConfig) and config.lora_alpha > 2 * config.lora_rank:
        advice += f", or an alpha of twice the rank, {2 * config.lora_rank} instead of {config.lora_alpha}"
    return f"The training loss rose again, from {min(means):.2f} to {means[-1]:.2f}. {advice}."


def _diverges(losses: np.ndarray) -> str:
    """The validation loss has left its lowest behind."""
    if len(losses) < 2 or losses[-1] < WORSE * losses.min():
        return ""
    return (
        f"The validation loss rose from {losses.min():.2f} after epoch {int(losses.argmin()) + 1} to {losses[-1]:.2f}: "
        "it learns the training reviews by heart. Take fewer epochs, early stopping, more reviews, or more weight "
        "decay. The epoch with the best validation accuracy is kept in any case."
    )


def _test(result: dict[str, Any]) -> np.ndarray:
    """Row i, column j: test reviews of class i that were called j."""
    return np.array(result["scores"]["test"]["confusion"])


def _one_class(config: Config, result: dict[str, Any]) -> str:
    """Nearly all answers are the same, and the reviews are not."""
    counts = _test(result)
    said, are = counts.sum(axis=0) / counts.sum(), counts.sum(axis=1) / counts.sum()
    if isinstance(config, MajorityConfig) or said.max() < ONE_CLASS or are.max() > 0.9:
        return ""
    label = list(result["scores"]["test"]["per_class"])[int(said.argmax())]
    return f"{percent(said.max(), 0)} of its answers are «{label}»: it has not learned to tell the labels apart. " + (
        _learn_more(config)
    )


def _no_better(config: Config, result: dict[str, Any]) -> str:
    """Always answering the most frequent label might be as good."""
    counts = _test(result)
    most, right, n = int(counts.sum(axis=1).max()), int(np.trace(counts)), int(counts.sum())
    if isinstance(config, MajorityConfig) or wilson(right, n)[0] > most / n:
        return ""
    return (f"It is not shown to be better than always answering the most frequent label, {percent(most / n)}. "
            + _learn_more(config))  # fmt: skip


def _learn_more(config: Config) -> str:
    if isinstance(config, TrainConfig):
        return ("Look for a learning rate with `senti find-lr`, take more epochs or more reviews, and check that the "
                "labels are right.")  # fmt: skip
    if isinstance(config, SvmConfig) and config.pooling != "mean":
        return "Try the mean over all tokens, let C be chosen, or take more reviews."
    return "Let C be chosen, take more reviews, and check that the labels are right."


def _cut(result: dict[str, Any]) -> str:
    """Much of the reviews is not read."""
    cut, rows = sum(result.get("cut", {}).values()), sum(result["dataset"]["rows"].values())
    if cut <= CUT * rows:
        return ""
    return (f"{percent(cut / rows, 0)} of the reviews are not read to their end. Take a longer longest text, up to 512 "
            "tokens, or read beginning and end (head+tail).")  # fmt: skip


def _slow(config: Config, result: dict[str, Any]) -> str:
    """Training took long where a quicker way is known."""
    seconds = result["seconds"]["train"]
    if seconds < SLOW or not str(result.get("device", "")).startswith("CPU"):
        return ""
    if isinstance(config, FinetuneConfig):
        quicker = "Fast LoRA (the upper 3 layers) trains several times faster"
    elif isinstance(config, LoraConfig) and not config.upper_layers:
        quicker = "Adapting the upper 3 layers only (fast LoRA) is several times faster"
    else:
        return ""
    return (f"Training took {duration(seconds)} on a CPU. {quicker}; fewer reviews or a shorter longest text help "
            "too.")  # fmt: skip
