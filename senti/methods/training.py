"""One call of the Hugging Face Trainer, shared by full fine-tuning and LoRA."""

import math
import shutil
import time
from typing import TYPE_CHECKING, Any

from transformers import Trainer, TrainerCallback, TrainingArguments

from senti.config import TrainConfig
from senti.corpus import Corpus
from senti.errors import RunFailed
from senti.methods.tokenize import tokenize
from senti.runs import Run

if TYPE_CHECKING:
    import numpy as np

LOGGED_STEPS = 200  # about so many points on a curve, however long the run


def train(model: Any, tokenizer: Any, config: TrainConfig, corpus: Corpus, run: Run) -> float:
    """Train `model` in place, ending at its best epoch by validation accuracy. Returns the seconds it took.

    Rows go to the run's events. A stop ends it after the current step. Raises RunFailed if the loss is not finite.
    """
    from transformers import EarlyStoppingCallback, PrinterCallback
    from transformers.utils import logging

    logging.disable_progress_bar()  # the run's events tell how far it is
    logging.set_verbosity_error()
    data = tokenize(corpus, tokenizer, config.max_length).remove_columns("text")
    trainer = Trainer(
        model=model,
        args=arguments(config, run, len(data["train"])),
        train_dataset=data["train"],
        eval_dataset=data["validation"],
        processing_class=tokenizer,
        compute_metrics=accuracy_and_f1,
        callbacks=[Recorder(run, config)],
    )
    trainer.remove_callback(PrinterCallback)
    if config.early_stopping:
        trainer.add_callback(EarlyStoppingCallback(config.early_stopping))
    began = time.perf_counter()
    trainer.train()
    seconds = time.perf_counter() - began
    if not run.stop_requested:
        shutil.rmtree(run.path / "state", ignore_errors=True)
    return seconds


def arguments(config: TrainConfig, run: Run, rows: int) -> TrainingArguments:
    """The Trainer's settings for a config: evaluate and save each epoch, keep the best by validation accuracy."""
    import torch

    precision = resolve_precision(config.precision)
    return TrainingArguments(
        output_dir=str(run.path / "state"),
        learning_rate=config.lr,
        num_train_epochs=config.epochs,
        per_device_train_batch_size=config.batch_size,
        per_device_eval_batch_size=64,
        weight_decay=config.weight_decay,
        warmup_steps=config.warmup,  # below 1 it is a share of all steps
        lr_scheduler_type=config.scheduler,
        gradient_accumulation_steps=config.gradient_accumulation,
        activation_checkpointing=config.gradient_checkpointing,
        bf16=precision == "bf16",
        fp16=precision == "fp16",
        # batches of like length waste little on padding; the loss curve is the same
        train_sampling_strategy="group_by_length",
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=1,
        load_best_model_at_end=True,
        metric_for_best_model="accuracy",
        logging_steps=max(1, total_steps(config, rows) // LOGGED_STEPS),
        logging_first_step=True,
        logging_nan_inf_filter=False,
        eval_on_start=True,
        seed=config.seed,
        use_cpu=not torch.accelerator.is_available(),
        report_to=config.tracker,
        run_name=run.name,
        disable_tqdm=True,
        dataloader_pin_memory=torch.cuda.is_available(),
    )


def total_steps(config: TrainConfig, rows: int) -> int:
    """How many weight updates a run over `rows` training texts makes."""
    batches = math.ceil(rows / config.batch_size)
    return math.ceil(batches / config.gradient_accumulation) * config.epochs


def resolve_precision(precision: str) -> str:
    """`auto` becomes bf16 where the processor or the GPU multiplies in it, else fp32."""
    import torch

    if precision != "auto":
        return precision
    if torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    able = torch.cpu.get_capabilities()
    return "bf16" if any(able.get(name) for name in ("amx_bf16", "avx512_bf16", "bf16")) else "fp32"


def accuracy_and_f1(prediction: Any) -> dict[str, float]:
    """Accuracy and macro F1 of the Trainer's predictions."""
    from sklearn.metrics import accuracy_score, f1_score

    labels: np.ndarray = prediction.label_ids
    guesses = prediction.predictions.argmax(axis=-1)
    return {
        "accuracy": float(accuracy_score(labels, guesses)),
        "macro_f1": float(f1_score(labels, guesses, average="macro")),
    }


class Recorder(TrainerCallback):
    """Writes the run's events and ends training when a stop is asked for."""

    def __init__(self, run: Run, config: TrainConfig) -> None:
        self.run, self.config = run, config
        self.began = self.last_time = time.perf_counter()
        self.last_step = 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """The clock starts with the first step, not with loading."""
        self.began = self.last_time = time.perf_counter()

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Look for the stop file after every step."""
        if self.run.stop_requested:
            control.should_training_stop = True

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """One row per log line of the Trainer: training rows carry `loss`, evaluations `eval_loss`."""
        logs: dict[str, float] = kwargs["logs"]
        if "eval_loss" in logs:
            self.run.record(self._row(state) | _validation(logs))
            self.last_time = time.perf_counter()  # evaluating is not training time
        elif "loss" in logs:
            if not math.isfinite(logs["loss"]):
                raise RunFailed(
                    f"The loss became {logs['loss']} at step {state.global_step}: "
                    f"the learning rate {self.config.lr:g} is too high; try {self.config.lr / 10:g}."
                )
            self.run.record(self._row(state) | self._training(state, logs))

    def _row(self, state: Any) -> dict[str, Any]:
        seconds = time.perf_counter() - self.began
        left = state.max_steps - state.global_step
        eta = seconds / state.global_step * left if state.global_step else None
        return {"step": state.global_step, "total_steps": state.max_steps, "epoch": round(state.epoch or 0.0, 4),
                "seconds": round(seconds, 3), "eta": eta}  # fmt: skip

    def _training(self, state: Any, logs: dict[str, float]) -> dict[str, Any]:
        now = time.perf_counter()
        texts = (state.global_step - self.last_step) * self.config.batch_size * self.config.gradient_accumulation
        rate = texts / (now - self.last_time) if texts else None
        self.last_time, self.last_step = now, state.global_step
        norm = logs.get("grad_norm")
        return {"split": "train", "loss": logs["loss"], "lr": logs["learning_rate"],
                "grad_norm": float(norm) if norm is not None and math.isfinite(norm) else None,
                "samples_per_second": rate}  # fmt: skip


def _validation(logs: dict[str, float]) -> dict[str, Any]:
    return {"split": "validation", "loss": logs["eval_loss"], "accuracy": logs["eval_accuracy"],
            "macro_f1": logs["eval_macro_f1"]}  # fmt: skip
