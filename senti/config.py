"""One frozen dataclass per method: its CLI flags, its form in the app and its config.json.

A knob is declared once, as a field made by `knob()`; bounds are checked once, on construction.

>>> LoraConfig(lora_rank=4).lora_alpha
32
"""

from dataclasses import asdict, dataclass, fields
from typing import Any

from senti.errors import BadConfig
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
class MajorityConfig(Config):
    """Always answer the most frequent training label: the floor every method must clear."""


@dataclass(frozen=True)
class TfidfConfig(Config):
    """Words and word pairs weighted by TF-IDF, then a linear SVM: what sentiment analysis was before transformers."""

    C: float = knob(1.0, "inverse strength of the SVM's regularisation", min=1e-6, max=1e4, basic=True, label="C")
    tune_C: bool = tune_knob()


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
class SvmConfig(EncoderConfig):
    """A linear SVM on frozen features: the transformer is read, not changed."""

    pooling: str = knob(
        "cls",
        "how a text becomes one vector: its first token, or mean or maximum over all",
        choices=("cls", "mean", "max"),
        basic=True,
        label="Pooling",
    )
    layer: int = knob(-1, "layer the features come from (0 embeddings, -1 last)", min=-1, max=48, label="Layer")
    C: float = knob(0.01, "inverse strength of the SVM's regularisation", min=1e-6, max=1e4, basic=True, label="C")
    tune_C: bool = tune_knob()
    precision: str = precision_knob()


@dataclass(frozen=True)
class TrainConfig(EncoderConfig):
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


@dataclass(frozen=True)
class FinetuneConfig(TrainConfig):
    """Full fine-tuning: every weight of the transformer moves."""


@dataclass(frozen=True)
class LoraConfig(TrainConfig):
    """LoRA: the transformer stays frozen, small low-rank matrices beside its projections learn (Hu et al. 2021)."""

    lr: float = knob(
        5e-4,
        "step size; LoRA wants about ten times that of full fine-tuning, 1e-4 to 1e-3",
        min=1e-8,
        max=1.0,
        basic=True,
        label="Learning rate",
    )
    lora_rank: int = knob(8, "rank of the added matrices", min=1, max=64, basic=True, label="Rank")
    lora_alpha: int = knob(
        32,
        "scale: the update counts alpha / rank times; a usual rule is twice the rank, more acts like a higher rate",
        min=1,
        max=512,
        label="Alpha",
    )
    upper_layers: int = knob(
        0,
        "adapt only so many of the last layers, and compute those below once: several times faster, a little less "
        "accurate; 2 or 3 of 6 suit (0: adapt all)",
        min=0,
        max=24,
        basic=True,
        label="Fast LoRA: upper layers only",
    )
    lora_dropout: float = knob(0.1, "dropout before the added matrices", min=0, max=0.9, label="LoRA dropout")
    lora_targets: str = knob(
        "auto", "layers to adapt, comma separated; auto is the query and value projections", label="Targets"
    )


@dataclass(frozen=True)
class EnsembleConfig(Config):
    """Several finished runs asked together; it takes the reviews of its members."""

    members: str = knob("", "the finished runs to combine, comma separated", label="Members")
    how: str = knob(
        "mean",
        "how their answers become one: mean of their probabilities, mean with weights fitted on the validation "
        "reviews, vote, or stacking (a logistic regression fitted there)",
        choices=("mean", "weighted", "vote", "stacking"),
        basic=True,
        label="How",
    )

    @property
    def names(self) -> tuple[str, ...]:
        """The members, one by one."""
        return tuple(name.strip() for name in self.members.split(",") if name.strip())


METHODS: dict[str, type[Config]] = {
    "majority": MajorityConfig,
    "tfidf": TfidfConfig,
    "svm": SvmConfig,
    "finetune": FinetuneConfig,
    "lora": LoraConfig,
    "ensemble": EnsembleConfig,
}


def method_name(config: Config) -> str:
    """The method a config belongs to, as in METHODS."""
    return next(name for name, cls in METHODS.items() if cls is type(config))


def to_dict(config: Config) -> dict[str, Any]:
    """A config as plain values, method first."""
    return {"method": method_name(config), **asdict(config)}


def from_dict(values: dict[str, Any]) -> Config:
    """The config a dict speaks of; unknown keys are ignored. Raises BadConfig on an unknown method or a bad value."""
    name = values.get("method")
    if name not in METHODS:
        raise BadConfig(f"method is {name!r}; choose one of {', '.join(METHODS)}.")
    cls = METHODS[name]
    return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})


def command_line(config: Config) -> list[str]:
    """The words after `python -m senti` that ask for just this config; knobs at their default are left out."""
    words = [method_name(config)]
    for f in fields(config):
        value = getattr(config, f.name)
        if value == f.default:
            continue
        flag = "--" + f.name.replace("_", "-")
        words += [flag] if value is True else [flag, _word(value)]
    return words


def _word(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
