"""What several methods need to know alike: the reviews, variants of them, the transformer, its training."""

from dataclasses import dataclass, fields
from typing import Any

from senti.knob import check, knob, value_type


def tune_knob() -> Any:
    """The knob that both linear methods share."""
    return knob(
        False,
        "instead of the C given: by 5-fold cross-validation on the training reviews alone",
        basic=True,
        label="Choose C for me",
    )


def precision_knob() -> Any:
    """The knob that the SVM and the trained methods share."""
    return knob(
        "auto",
        "number format of the matrix products; auto is bf16 where the processor multiplies in it, else fp32",
        choices=("auto", "fp32", "bf16", "fp16"),
        label="Precision",
    )


def augment_knob(choices: tuple[str, ...]) -> Any:
    """The knob of every method that can learn from variants of its reviews; which kinds suit differs."""
    return knob(
        "none",
        "add changed copies of the training reviews: words left out, swapped, inserted, or replaced by near ones; eda "
        "picks one of the four for each copy",
        choices=choices,
        label="Augment the reviews",
        late=True,
    )


@dataclass(frozen=True)
class Config:
    """What every method needs to know: which reviews, how many, which seed."""

    dataset: str = knob("auto", "auto, bundled, rotten_tomatoes, sst2, imdb, a Hub id, or a file or folder")
    text_column: str | None = knob(None, "column that holds the text (default: found by name)")
    label_column: str | None = knob(None, "column that holds the label (default: found by name)")
    subset: int | None = knob(
        None, "train on a stratified sample of this many reviews per split", min=4, basic=True, label="Reviews to use"
    )
    seed: int = knob(0, "seed of every random choice", min=0, max=2**31 - 1, label="Seed")

    def __post_init__(self) -> None:
        for f in fields(self):
            check(f.name, getattr(self, f.name), value_type(type(self), f.name), f.metadata)


@dataclass(frozen=True)
class Augmentation:
    """What the methods that learn from texts share: how many variants of each training review to add, and which."""

    augment: str = augment_knob(("none", "dropout", "swap", "insertion", "synonym", "eda"))
    augment_factor: int = knob(2, "variants added per training review", min=1, max=8, label="Variants each", late=True)


@dataclass(frozen=True)
class EncoderConfig(Config):
    """What every method on a transformer needs besides: which backbone, and where texts are cut."""

    model: str = knob("auto", "auto, distilbert, bert, roberta, albert, minilm, a Hub id, or a folder")
    max_length: int = knob(128, "tokens that are read of a text", min=8, max=512, label="Longest text (tokens)")
    truncation: str = knob(
        "head",
        "what is read of a longer text: its beginning, its end, or a quarter from the beginning, the rest from the end",
        choices=("head", "tail", "head+tail"),
        label="Of longer texts, read the",
    )


@dataclass(frozen=True)
class TrainConfig(Augmentation, EncoderConfig):
    """The knobs that full fine-tuning and LoRA share."""

    lr: float = knob(
        2e-5,
        "step size; 1e-5 to 5e-5 is usual, lower if the loss rises",
        min=1e-8,
        max=1.0,
        basic=True,
        label="Learning rate",
    )
    epochs: int = knob(3, "passes over the training reviews", min=1, max=50, basic=True, label="Epochs")
    batch_size: int = knob(
        16,
        "reviews per step; 16 or 32 is usual, less if memory runs out",
        min=1,
        max=256,
        basic=True,
        label="Batch size",
    )
    weight_decay: float = knob(0.01, "pull of the weights towards zero", min=0, max=1, label="Weight decay")
    warmup: float = knob(0.06, "share of the steps in which the learning rate rises", min=0, max=0.9, label="Warm-up")
    scheduler: str = knob(
        "linear",
        "how the learning rate falls afterwards",
        choices=("linear", "cosine", "constant_with_warmup"),
        label="Schedule",
    )
    gradient_accumulation: int = knob(
        1,
        "batches per weight update; 2 with half the batch size trains alike in less memory",
        min=1,
        max=64,
        label="Gradient accumulation",
    )
    gradient_checkpointing: bool = knob(
        False, "compute more to hold less, when memory runs out", label="Gradient checkpointing"
    )
    precision: str = precision_knob()
    early_stopping: int = knob(
        0,
        "stop after this many epochs without a better validation accuracy (0: never)",
        min=0,
        max=50,
        label="Early stopping",
    )
    tracker: str = knob("none", "also log to a tracker", choices=("none", "wandb", "trackio"), label="Tracker")
