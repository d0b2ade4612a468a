"""One call of the Hugging Face Trainer, shared by full fine-tuning and LoRA, with quicker parts where they pay."""

import functools
import math
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from senti.config import TrainConfig
from senti.corpus import Corpus
from senti.encoder import check_length, device, first_token_only, padded, resolve_precision, settle
from senti.encoder.tokens import encode
from senti.processes import share_of, world
from senti.runs import Run
from senti.training import checkpoint, snapshot
from senti.training.dropout import quicken
from senti.training.optimizer import MasterAdamW
from senti.training.recorder import Recorder
from senti.training.rows import row_embeddings
from senti.training.sampler import LengthSampler
from senti.training.tokenize import tokenize
from senti.training.upper import StateCollator, lower_skipped, lower_states

if TYPE_CHECKING:
    from senti.training.distilling import Lesson

LOGGED_STEPS = 200  # about so many points on a curve, however long the run
MAX_NORM = 1.0  # gradients are clipped to it, as the Trainer does by default


def train(
    model: Any, tokenizer: Any, config: TrainConfig, corpus: Corpus, run: Run, upper_layers: int = 0,
    lesson: "Lesson | None" = None,
) -> float:  # fmt: skip
    """Train `model` in place, ending at its best epoch by validation accuracy. Returns the seconds it took.

    `upper_layers`: if not 0, only so many of the last layers learn, and those below are computed once.  `lesson`: what
    a teacher says of the training texts, and of more.  Rows go to the run's events. A stop ends it after the current
    step. A run with a checkpoint goes on from it. Raises Diverged if the loss is not finite, BadConfig where the
    checkpoint was made under other conditions.
    """
    from transformers.utils import logging

    logging.disable_progress_bar()  # the run's events tell how far it is
    logging.set_verbosity_error()
    check_length(config.max_length, unwrapped(model).config)
    cut = config.max_length, config.truncation
    data = tokenize(corpus, tokenizer, *cut).with_format("numpy")
    ids = {name: list(data[name]["input_ids"]) for name in ("train", "validation")}
    pad, labels = tokenizer.pad_token_id, {name: corpus.splits[name]["label"].to_numpy() for name in ids}
    model = made_ready(model, config.precision)
    began = time.perf_counter()
    if not upper_layers:
        splits = {name: Texts(ids[name], labels[name]) for name in ids}
        if lesson:
            more: list[Any] = encode(tokenizer, lesson.unlabelled, *cut).get("input_ids", [])
            splits["train"] = lesson.texts([*ids["train"], *more], labels["train"])
        earlier = _fit(model, config, corpus, run, splits, Collator(pad), lesson.loss if lesson else None)
    else:
        inner = unwrapped(model)
        states = {name: lower_states(inner, ids[name], pad, upper_layers, lambda: run.stop_requested) for name in ids}
        with lower_skipped(inner, upper_layers):
            splits = {name: Texts(states[name], labels[name]) for name in ids}
            earlier = _fit(model, config, corpus, run, splits, StateCollator())
    return earlier + time.perf_counter() - began


def _fit(
    model: Any, config: TrainConfig, corpus: Corpus, run: Run, splits: "dict[str, Texts]", collator: Any,
    loss: Callable[..., torch.Tensor] | None = None,
) -> float:  # fmt: skip
    """Returns the seconds of training that a checkpoint brought along."""
    from transformers import EarlyStoppingCallback, PrinterCallback

    recorder = Recorder(run, config)
    trainer = QuickTrainer(
        model=model,
        args=arguments(config, run, len(splits["train"])),
        train_dataset=splits["train"],
        eval_dataset=splits["validation"].sorted(),
        data_collator=collator,
        compute_metrics=accuracy_and_f1,
        compute_loss_func=loss or cross_entropy,
        recorder=recorder,
        # cached, and asked for late: it reads all weights of the backbone
        conditions=functools.cache(functools.partial(checkpoint.conditions, config, corpus.checksum)),
    )
    trainer.remove_callback(PrinterCallback)
    if config.early_stopping:
        trainer.add_callback(EarlyStoppingCallback(config.early_stopping))
    found = _whole_checkpoint(run, trainer.conditions)
    before = snapshot.values(found.path) if found else {"over": False, "seconds": 0.0}
    if found and before["over"]:
        snapshot.load_weights(trainer, found.path)
    else:
        trainer.args.eval_on_start = found is None
        recorder.earlier = before["seconds"]
        trainer.train(resume_from_checkpoint=str(found.path) if found else None)
    snapshot.put_back(trainer.best, trainer.trained)
    return float(before["seconds"])


def _whole_checkpoint(run: Run, conditions: Callable[[], dict[str, Any]]) -> checkpoint.Checkpoint | None:
    """The one to go on from, if there is any; events of later steps are dropped, for these will come again."""
    if world() > 1:  # several processes write none
        return None
    folder = run.path / "state"
    found, skipped = checkpoint.newest(folder)
    for line in skipped:
        run.say(f"skipped {line}")
    if found:
        checkpoint.check(run.name, found.conditions, conditions())
        run.say(f"goes on from step {found.step}")
    checkpoint.start_from(folder, found)
    run.keep_events(found.step if found else -1)
    return found


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
    """The Trainer with batches of like length, an optimizer that keeps float32 masters, and whole checkpoints.

    `trained` are the parameters that learn, `best` copies of them after the best epoch so far.
    """

    def __init__(
        self, *, recorder: Recorder | None = None, conditions: Callable[[], dict[str, Any]] = dict, **kwargs: Any
    ) -> None:
        super().__init__(callbacks=[recorder] if recorder else None, **kwargs)
        model: Any = self.model
        self.trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
        self.best: dict[str, torch.Tensor] = {}
        self.recorder, self.conditions = recorder, conditions
        self.pace = recorder.pace if recorder else checkpoint.Pace()

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

    def _determine_best_metric(self, metrics: dict[str, float], trial: Any) -> bool:
        """Keeps the best weights in memory: a file could vanish before the end."""
        better = super()._determine_best_metric(metrics, trial)
        if better:
            self.best = snapshot.copies(self.trained)
        return better

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """One that is whole or invisible; several processes write none."""
        if self.args.world_size > 1:
            return
        folder, state = Path(str(self.args.output_dir)), cast(Any, self.state)
        with self.pace.writing():
            checkpoint.write(folder, state.global_step, self.conditions(), functools.partial(snapshot.save, self))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        snapshot.load_weights(self, Path(resume_from_checkpoint))

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint:
            snapshot.load_optimizer(self, Path(checkpoint))

    def _load_scaler(self, checkpoint: str | None) -> None:
        """Done with the optimizer."""

    def _load_rng_state(self, checkpoint: str | None) -> None:
        if checkpoint:
            snapshot.load_random(Path(checkpoint))

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
        save_strategy="epoch",  # and within it, when the recorder asks for it
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
