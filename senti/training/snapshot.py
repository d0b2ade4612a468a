"""All that a Trainer needs to go on as if nothing had happened: as tensors and plain values on disk, and back.

Weights, the best weights so far, optimizer with its float32 masters, schedule, random states, patience, the loss scale
under fp16. Where in the epoch it stands follows from the step: the order of the texts is a function of seed and epoch.
"""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from transformers import EarlyStoppingCallback

from senti.training.checkpoint import FILES

TENSORS, VALUES, PROGRESS = FILES


def save(trainer: Any, folder: Path) -> None:
    """Write a QuickTrainer's state to a folder; `trainer` is as it stands after a step."""
    optimizer = trainer.optimizer.state_dict()
    tensors = {
        **{f"weights.{name}": parameter for name, parameter in trainer.trained.items()},
        **{f"best.{name}": value for name, value in trainer.best.items()},
        **{f"optimizer.{i}.{key}": value for i, held in optimizer["state"].items() for key, value in held.items()},
        **{f"random.{name}": value for name, value in _torch_states().items()},
    }
    save_file({name: value.detach().contiguous() for name, value in tensors.items()}, folder / TENSORS)
    name, keys, *rest = np.random.get_state(legacy=True)
    scaler = getattr(trainer.accelerator, "scaler", None)
    values = {
        "groups": optimizer["param_groups"],
        "schedule": trainer.lr_scheduler.state_dict(),
        "scaler": scaler.state_dict() if scaler else None,
        "python": random.getstate(),
        "numpy": [name, keys.tolist(), *rest],  # type: ignore[union-attr]
        "patience": [callback.early_stopping_patience_counter for callback in _early_stopping(trainer)],
        "seconds": trainer.recorder.seconds if trainer.recorder else 0.0,
        "over": trainer.control.should_training_stop,
    }
    (folder / VALUES).write_text(json.dumps(values), encoding="utf-8")
    trainer.state.save_to_json(str(folder / PROGRESS))


def values(folder: Path) -> dict[str, Any]:
    """The plain values of a saved state: `over` says that no step was left, `seconds` how long it had trained."""
    return json.loads((folder / VALUES).read_text(encoding="utf-8"))


def load_weights(trainer: Any, folder: Path) -> None:
    """The model's trained parameters, and the best ones so far."""
    with safe_open(folder / TENSORS, "pt") as file, torch.no_grad():
        for name, parameter in trainer.trained.items():
            parameter.copy_(file.get_tensor(f"weights.{name}"))
        trainer.best = {key.removeprefix("best."): file.get_tensor(key)
                        for key in file.keys() if key.startswith("best.")}  # fmt: skip


def load_optimizer(trainer: Any, folder: Path) -> None:
    """Optimizer, schedule, loss scale and patience."""
    saved = values(folder)
    held: dict[int, dict[str, Tensor]] = {}
    with safe_open(folder / TENSORS, "pt") as file:
        for key in (key for key in file.keys() if key.startswith("optimizer.")):
            _, i, name = key.split(".")
            held.setdefault(int(i), {})[name] = file.get_tensor(key)
    trainer.optimizer.load_state_dict({"state": held, "param_groups": saved["groups"]})
    trainer.lr_scheduler.load_state_dict(saved["schedule"])
    if saved["scaler"]:
        trainer.accelerator.scaler.load_state_dict(saved["scaler"])
    for callback, counter in zip(_early_stopping(trainer), saved["patience"], strict=True):
        callback.early_stopping_patience_counter = counter


def load_random(folder: Path) -> None:
    """The random states of Python, NumPy and torch."""
    saved = values(folder)
    version, inner, gauss = saved["python"]
    random.setstate((version, tuple(inner), gauss))
    np.random.set_state(tuple(saved["numpy"]))
    with safe_open(folder / TENSORS, "pt") as file:
        torch.set_rng_state(file.get_tensor("random.cpu"))
        if torch.cuda.is_available():
            torch.cuda.set_rng_state(file.get_tensor("random.cuda"))


def copies(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Parameters as they are now, in the processor's memory."""
    return {name: parameter.detach().to("cpu", copy=True) for name, parameter in parameters.items()}


def put_back(kept: dict[str, Tensor], parameters: dict[str, Tensor]) -> None:
    """Give parameters the values that were kept of them, if any were."""
    with torch.no_grad():
        for name, value in kept.items():
            parameters[name].copy_(value)


def _torch_states() -> dict[str, Tensor]:
    cpu = {"cpu": torch.get_rng_state()}
    return cpu | {"cuda": torch.cuda.get_rng_state()} if torch.cuda.is_available() else cpu


def _early_stopping(trainer: Any) -> list[EarlyStoppingCallback]:
    return [each for each in trainer.callback_handler.callbacks if isinstance(each, EarlyStoppingCallback)]
