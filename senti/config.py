"""One frozen dataclass per method: its CLI flags, its form in the app and its config.json.

A knob is declared once, as a field made by `knob()`; bounds are checked once, on construction.

>>> LoraConfig(lora_rank=4).lora_alpha
32
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, TypeVar

from senti.errors import BadConfig
from senti.knob import knob
from senti.shared_knobs import Augmentation as Augmentation
from senti.shared_knobs import Config as Config
from senti.shared_knobs import EncoderConfig as EncoderConfig
from senti.shared_knobs import TrainConfig as TrainConfig
from senti.shared_knobs import augment_knob, precision_knob, tune_knob


@dataclass(frozen=True)
class MajorityConfig(Config):
    """Always answer the most frequent training label: the floor every method must clear."""


@dataclass(frozen=True)
class TfidfConfig(Augmentation, Config):
    """Words and word pairs weighted by TF-IDF, then a linear SVM: what sentiment analysis was before transformers."""

    augment: str = augment_knob(("none", "dropout", "swap"))  # it has no word vectors to find near words with
    C: float = knob(1.0, "inverse strength of the SVM's regularisation", min=1e-6, max=1e4, basic=True, label="C")
    tune_C: bool = tune_knob()


@dataclass(frozen=True)
class SvmConfig(Augmentation, EncoderConfig):
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
class FinetuneConfig(TrainConfig):
    """Full fine-tuning: every weight of the transformer moves."""


ADAPTERS = {"lora": "LoRA", "dora": "DoRA", "ia3": "IA³", "prefix": "Prefix tuning", "prompt-tuning": "Prompt tuning"}
PROMPTED = ("prefix", "prompt-tuning")  # made-up tokens beside the text, no change inside the transformer


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
    adapter: str = knob(
        "lora",
        "what learns beside the frozen transformer: thin matrices (lora; dora learns the length of each row apart), "
        "scales of keys, values and feed-forward (ia3), 20 made-up tokens before every layer (prefix) or before the "
        "text (prompt); the last three want a learning rate of 5e-3 to 3e-2",
        choices=tuple(ADAPTERS),
        label="Adapter",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        title = ADAPTERS[self.adapter]
        if self.adapter == "prefix" and self.gradient_checkpointing:
            raise BadConfig(f"gradient_checkpointing would drop what {title} learns; leave it out.")
        for f in fields(self):
            matrices = f.name.startswith("lora_") or f.name == "upper_layers"
            if matrices and self.adapter not in ("lora", "dora") and getattr(self, f.name) != f.default:
                raise BadConfig(
                    f"{f.name} is {getattr(self, f.name)!r}, which {title} has no use for; leave it out, or choose the "
                    "adapter lora or dora."
                )


@dataclass(frozen=True)
class DistillConfig(TrainConfig):
    """Distillation: a student with some of its teacher's layers learns from labels and the teacher's answers."""

    subset: int | None = knob(None, "the teacher's; nothing else can be chosen", min=4, label="Reviews to use")
    lr: float = knob(5e-5, "step size; 2e-5 to 1e-4 is usual", min=1e-8, max=1.0, basic=True, label="Learning rate")
    teacher: str = knob("", "the finished run that teaches, of full fine-tuning or LoRA", basic=True, label="Teacher")
    layers: int = knob(
        3, "layers taken from the teacher, evenly from first to last", min=1, max=48, basic=True, label="Layers"
    )
    alpha: float = knob(
        0.5,
        "weight of the teacher's answers against that of the true labels; 0 leaves the teacher out",
        min=0,
        max=1,
        basic=True,
        label="Weight of the teacher",
    )
    temperature: float = knob(
        2.0, "softens the answers of both: what the teacher holds for unlikely counts more", min=0.1, max=20,
        label="Temperature",
    )  # fmt: skip
    unlabelled: str = knob(
        "",
        "more texts, which the teacher alone labels: a dataset, or a file with a column of texts",
        label="More texts",
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unlabelled and not self.alpha:
            raise BadConfig("alpha is 0, and then texts without labels teach nothing; raise it, or leave them out.")


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


@dataclass(frozen=True)
class PromptConfig(EncoderConfig):
    """Each label is put in words, and a text gets the label whose words suit it best; nothing is trained."""

    how: str = knob(
        "cosine",
        "cosine: which prompt has the vector nearest to the text's; cloze: which word a masked-language model puts in "
        "the blank of a pattern",
        choices=("cosine", "cloze"),
        basic=True,
        label="How",
    )
    prompts: str = knob(
        "a {label} review",
        "cosine: what a review of a label is like; one pattern for all labels, or one description per label in their "
        "order, divided by |; several of one label by ;",
        basic=True,
        label="Prompts",
    )
    shots: int = knob(
        0,
        "cosine: training reviews per label whose vectors are averaged with the prompt's (0: zero-shot, no label is "
        "looked at)",
        min=0,
        max=64,
        basic=True,
        label="Labelled reviews per class",
    )
    pattern: str = knob(
        "{text} It was [MASK].",
        "cloze: {text} and [MASK], the blank, once each, and words around them",
        label="Pattern",
    )
    verbalizer: str = knob(
        "{label}", "cloze: the words that stand for the labels, written as the prompts are", label="Words for the blank"
    )
    precision: str = precision_knob()


C = TypeVar("C", bound=Config)
METHODS: dict[str, type[Config]] = {
    "majority": MajorityConfig,
    "tfidf": TfidfConfig,
    "svm": SvmConfig,
    "finetune": FinetuneConfig,
    "lora": LoraConfig,
    "distill": DistillConfig,
    "ensemble": EnsembleConfig,
    "prompt": PromptConfig,
}


def method_name(config: Config) -> str:
    """The method a config belongs to, as in METHODS."""
    return next(name for name, cls in METHODS.items() if cls is type(config))


def to_dict(config: Config) -> dict[str, Any]:
    """A config as plain values, method first; late knobs only where they are set."""
    unset = {f.name for f in fields(config) if f.metadata["late"] and getattr(config, f.name) == f.default}
    return {"method": method_name(config), **{k: v for k, v in asdict(config).items() if k not in unset}}


def most_texts(config: Config, rows: int) -> int:
    """How many texts a run over so many training reviews learns from, at most: the reviews and their variants."""
    if isinstance(config, Augmentation) and config.augment != "none":
        return rows * (1 + config.augment_factor)
    return rows


def with_knobs_of(config: C, other: Config, kind: type[Config], whose: str, why: str) -> C:
    """The config with the values that another has for the knobs of `kind`. Raises BadConfig if it asks for others.

    whose, why: the end of that sentence, which run has other values and why they are taken from it.
    """
    theirs = {f.name: getattr(other, f.name) for f in fields(kind)}
    for f in fields(kind):
        mine = getattr(config, f.name)
        if mine not in (f.default, theirs[f.name]):
            raise BadConfig(f"{f.name} is {mine!r} but {theirs[f.name]!r} in {whose}; leave it out, {why}.")
    return replace(config, **theirs)


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
