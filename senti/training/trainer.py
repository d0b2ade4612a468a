"""One call of the Hugging Face Trainer, shared by full fine-tuning and LoRA, with quicker parts where they pay."""

import math
import shutil
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from senti.config import TrainConfig
from senti.corpus import Corpus
from senti.encoder import device, first_token_only, padded, resolve_precision, settle
from senti.processes import rank, share_of
from senti.runs import Run
from senti.training.dropout import quicken
from senti.training.optimizer import MasterAdamW
from senti.training.recorder import Recorder
from senti.training.rows import row_embeddings
from senti.training.sampler import LengthSampler
from senti.training.tokenize import tokenize
from senti.training.upper import StateCollator, lower_skipped, lower_states

LOGGED_STEPS = 200  # about so many points on a curve, however long the run
MAX_NORM = 1.0  # gradients are clipped to it, as the Trainer does by default


def train(model: Any, tokenizer: Any, config: TrainConfig, corpus: Corpus, run: Run, upper_layers: int = 0) -> float:
    """Train `model` in place, ending at its best epoch by validation accuracy. Returns the seconds it took.

    `upper_layers`: if not 0, only so many of the last layers learn, and those below are computed once. Rows go to the
    run's events. A stop ends it after the current step. Raises RunFailed if the loss is not finite.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # the run's events tell how far it is
    logging.set_verbosity_error()
    data = tokenize(corpus, tokenizer, config.max_length).with_format("numpy")
    ids = {name: list(data[name]["input_ids"]) for name in ("train", "validation")}
    pad, labels = tokenizer.pad_token_id, {name: corpus.splits[name]["label"].to_numpy() for name in ids}
    model = made_ready(model, config.precision)
    began = time.perf_counter()
    if not upper_layers:
        splits = {name: Texts(ids[name], labels[name]) for name in ids}
        _fit(model, tokenizer, config, run, splits, Collator(pad))
    else:
        inner = unwrapped(model)
        states = {name: lower_states(inner, ids[name], pad, upper_layers, lambda: run.stop_requested) for name in ids}
        with lower_skipped(inner, upper_layers):
            splits = {name: Texts(states[name], labels[name]) for name in ids}
            _fit(model, tokenizer, config, run, splits, StateCollator())
    return time.perf_counter() - began


def _fit(
    model: Any, tokenizer: Any, config: TrainConfig, run: Run, splits: "dict[str, Texts]", collator: Any
) -> None:
    from transformers import EarlyStoppingCallback, PrinterCallback

    trainer = QuickTrainer(
        model=model,
        args=arguments(config, run, len(splits["train"])),
        train_dataset=splits["train"],
        eval_dataset=splits["validation"].sorted(),
        data_collator=collator,
        processing_class=tokenizer,
        compute_metrics=accuracy_and_f1,
        compute_loss_func=cross_entropy,
        callbacks=[Recorder(run, config)],
    )
    trainer.remove_callback(PrinterCallback)
    if config.early_stopping:
        trainer.add_callback(EarlyStoppingCallback(config.early_stopping))
    trainer.train()
    trainer.accelerator.wait_for_everyone()  # each has read the best epoch
    if rank() == 0 and not run.stop_requested:
        shutil.rmtree(run.path / "state", ignore_errors=True)


def made_ready(model: Any, precision: str) -> Any:
    """A classifier, be it wrapped by PEFT, on the machine's device and in the number format it trains in."""
    resolved = resolve_precision(precision)
    model = settle(model, "fp32" if resolved == "fp16" else resolved)  # fp16 needs float32 weights and a loss scale
    inner = unwrapped(model)
    if device() == "cpu":  # a GPU draws its random numbers by itself, and has its own fused attention
        quicken(inner)
    first_token_only(inner)
    return model


def unwrapped(model: Any) -> Any:
    """The classifier inside PEFT's wrapping, if there is one."""
    return model.get_base_model() if hasattr(model, "get_base_model") else model


class Texts(Dataset[tuple[Any, int]]):
    """Texts with their labels, each as ids, (tokens,), or as states, (tokens, width); `lengths` are in tokens."""

    def __init__(self, texts: Sequence[Any], labels: np.ndarray) -> None:
        self.texts, self.labels = texts, labels
        self.lengths = [len(text) for text in texts]

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, i: int) -> tuple[Any, int]:
        return self.texts[i], int(self.labels[i])

    def sorted(self) -> "Texts":
        """The same by length, for scoring, where the order is of no importance."""
        order = np.argsort(self.lengths, kind="stable")
        return Texts([self.texts[i] for i in order], self.labels[order])


class Collator:
    """Pairs of ids and label to a batch, padded to its longest text."""

    def __init__(self, pad: int) -> None:
        self.pad = pad

    def __call__(self, pairs: Sequence[tuple[np.ndarray, int]]) -> dict[str, torch.Tensor]:
        """`input_ids`, `attention_mask` (n, tokens) and `labels` (n,)."""
        labels = torch.tensor([label for _, label in pairs])
        return padded([ids for ids, _ in pairs], self.pad) | {"labels": labels}


class QuickTrainer(Trainer):
    """The Trainer with batches of like length and an optimizer that keeps float32 masters."""

    def _get_train_sampler(self, train_dataset: Any = None) -> LengthSampler:
        data: Any = self.train_dataset
        return LengthSampler(data.lengths, self.args.per_device_train_batch_size * self.args.world_size, self.args.seed)

    def create_optimizer(self, model: Any = None) -> Any:
        """AdamW, biases and norms without weight decay; the stock one under fp16, whose loss scale it knows."""
        if self.args.fp16:
            return super().create_optimizer(model)
        if self.optimizer is None:
            trained: Any = self.model
            # processes average gradients by parameter, so the rows must be one there
            words = row_embeddings(trained) if self.args.world_size == 1 else None
            decayed = set(self.get_decay_parameter_names(trained))
            named = [(name, p) for name, p in trained.named_parameters() if p.requires_grad]
            groups = [
                {"params": [p for name, p in named if name in decayed], "weight_decay": self.args.weight_decay},
                {"params": [p for name, p in named if name not in decayed], "weight_decay": 0.0},
            ]
            self.optimizer = MasterAdamW(groups, self.args.learning_rate, words, self.args.weight_decay,
                                         max_norm=MAX_NORM)  # fmt: skip
        return self.optimizer

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """PEFT would turn an adapter in bf16 into float32 as it loads it."""
        super()._load_from_checkpoint(resume_from_checkpoint, model)
        trained: Any = model or self.model
        trained.to(trained.dtype)

    def _get_grad_norm(self, model: Any, grad_norm: Any = None) -> Any:
        """Without clipping here, the optimizer knows the norm: no second pass over the gradients."""
        return grad_norm

    def floating_point_ops(self, inputs: Any) -> int:
        """Not counted: walking over all parameters takes a hundredth of a step."""
        return 0


def cross_entropy(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """The mean over all texts of an update, in float32 whatever the model computes in."""
    logits = outputs.logits.float()
    if num_items_in_batch is None:
        return F.cross_entropy(logits, labels)
    return F.cross_entropy(logits, labels, reduction="sum") / num_items_in_batch


def arguments(config: TrainConfig, run: Run, rows: int) -> TrainingArguments:
    """The Trainer's settings for a config: evaluate and save each epoch, keep the best by validation accuracy."""
    half = resolve_precision(config.precision) == "fp16"
    return TrainingArguments(
        output_dir=str(run.path / "state"),
        learning_rate=config.lr,
        num_train_epochs=config.epochs,
        per_device_train_batch_size=share_of(config.batch_size),
        per_device_eval_batch_size=64,
        weight_decay=config.weight_decay,
        warmup_steps=config.warmup,  # below 1 it is a share of all steps
        lr_scheduler_type=config.scheduler,
        gradient_accumulation_steps=config.gradient_accumulation,
        activation_checkpointing=config.gradient_checkpointing,
        max_grad_norm=MAX_NORM if half else 0.0,  # else our optimizer clips
        fp16=half,
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


def accuracy_and_f1(prediction: Any) -> dict[str, float]:
    """Accuracy and macro F1 of the Trainer's predictions."""
    from sklearn.metrics import accuracy_score, f1_score

    labels = prediction.label_ids
    guesses = prediction.predictions.argmax(axis=-1)
    return {
        "accuracy": float(accuracy_score(labels, guesses)),
        "macro_f1": float(f1_score(labels, guesses, average="macro")),
    }
