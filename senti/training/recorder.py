"""What a training run tells while it goes on, and how it hears that it should stop."""

import math
import time
from typing import Any

from transformers import TrainerCallback

from senti.config import TrainConfig
from senti.errors import Diverged
from senti.processes import rank, tell
from senti.runs import Run
from senti.training.checkpoint import Pace


class Recorder(TrainerCallback):
    """Writes the run's events, asks for checkpoints, and ends training when a stop is asked for.

    `earlier` are the seconds that a resumed run had trained before.
    """

    def __init__(self, run: Run, config: TrainConfig) -> None:
        self.run, self.config = run, config
        self.began = self.last_time = time.perf_counter()
        self.first_step = self.last_step = 0
        self.earlier = 0.0
        self.stopping = False
        self.pace = Pace()

    @property
    def seconds(self) -> float:
        """How long the run has trained, all told."""
        return self.earlier + time.perf_counter() - self.began

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The clock starts with the first step, not with loading."""
        self.began = self.last_time = time.perf_counter()
        self.first_step = self.last_step = state.global_step
        self.pace.start()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Ask for a checkpoint when one is due or a stop is wanted; at an epoch's end one comes after the scores."""
        self.stopping = tell(self.run.stop_requested)  # all processes end at the same step
        if (self.stopping or self.pace.due) and _within_epoch(state):
            control.should_save = True

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """A stop ends training once all that was learned is on disk."""
        if self.stopping:
            control.should_training_stop = True

    def on_epoch_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """An epoch that a stop cut short is not scored: a resumed run would count it twice."""
        if _within_epoch(state):
            control.should_evaluate = control.should_save = False

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """One row per log line of the Trainer: training rows carry `loss`, evaluations `eval_loss`."""
        logs: dict[str, float] = kwargs["logs"]
        if "eval_loss" in logs:
            self._record(self._row(state) | _validation(logs))
            self.last_time = time.perf_counter()  # evaluating is not training time
        elif "loss" in logs:
            if not math.isfinite(logs["loss"]):
                raise Diverged(
                    f"The loss became {logs['loss']} at step {state.global_step}: "
                    f"the learning rate {self.config.lr:g} is too high; try {self.config.lr / 10:g}."
                )
            self._record(self._row(state) | self._training(state, logs, kwargs["optimizer"]))

    def _record(self, row: dict[str, Any]) -> None:
        if rank() == 0:
            self.run.record(row)

    def _row(self, state: Any) -> dict[str, Any]:
        done, left = state.global_step - self.first_step, state.max_steps - state.global_step
        eta = (self.seconds - self.earlier) / done * left if done else None
        return {"step": state.global_step, "total_steps": state.max_steps, "epoch": round(state.epoch or 0.0, 4),
                "seconds": round(self.seconds, 3), "eta": eta}  # fmt: skip

    def _training(self, state: Any, logs: dict[str, float], optimizer: Any) -> dict[str, Any]:
        now = time.perf_counter()
        texts = (state.global_step - self.last_step) * self.config.batch_size * self.config.gradient_accumulation
        rate = texts / (now - self.last_time) if texts else None
        self.last_time, self.last_step = now, state.global_step
        norm = getattr(getattr(optimizer, "optimizer", optimizer), "grad_norm", logs.get("grad_norm"))
        return {"split": "train", "loss": logs["loss"], "lr": logs["learning_rate"],
                "grad_norm": float(norm) if norm is not None and math.isfinite(norm) else None,
                "samples_per_second": rate}  # fmt: skip


def _within_epoch(state: Any) -> bool:
    """False after an epoch's last step."""
    return bool(state.global_step % (state.max_steps // state.num_train_epochs))


def _validation(logs: dict[str, float]) -> dict[str, Any]:
    return {"split": "validation", "loss": logs["eval_loss"], "accuracy": logs["eval_accuracy"],
            "macro_f1": logs["eval_macro_f1"]}  # fmt: skip
