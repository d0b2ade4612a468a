"""Which layers LoRA adapts in which architecture."""

from typing import TYPE_CHECKING, Any

from senti.encoder.backbone import Backbone
from senti.encoder.facts import linear_names
from senti.encoder.load import load_config
from senti.errors import BadConfig

if TYPE_CHECKING:
    from peft import LoraConfig

QUERY_AND_VALUE = {
    "albert": ("query", "value"),
    "bert": ("query", "value"),
    "camembert": ("query", "value"),
    "deberta": ("in_proj",),
    "deberta-v2": ("query_proj", "value_proj"),
    "distilbert": ("q_lin", "v_lin"),
    "electra": ("query", "value"),
    "modernbert": ("Wqkv",),
    "mpnet": ("q", "v"),
    "roberta": ("query", "value"),
    "xlm-roberta": ("query", "value"),
}
# where the layers are a list of separate ones behind the embeddings
STACKED = ("bert", "camembert", "distilbert", "roberta", "xlm-roberta")
# parts that start random and so must be trained and saved whole, beside the `classifier` that PEFT adds by itself
FRESH = {"deberta": ["pooler"], "deberta-v2": ["pooler"], "modernbert": ["head"]}


def lora_settings(
    backbone: Backbone, *, rank: int, alpha: int, dropout: float, targets: str, upper_layers: int = 0
) -> "LoraConfig":
    """PEFT's settings for a backbone. `targets` are last names of linear layers, or `auto`. Raises BadConfig.

    `upper_layers`: adapt only so many of the last layers; 0 adapts all.
    """
    from peft import LoraConfig

    config = load_config(backbone)
    kind = config.model_type
    check_upper(upper_layers, config)
    layers = range(config.num_hidden_layers - upper_layers, config.num_hidden_layers)
    fresh = FRESH.get(kind, [])
    return LoraConfig(
        task_type="SEQ_CLS", r=rank, lora_alpha=alpha, lora_dropout=dropout,
        target_modules=target_names(backbone, kind, targets),
        # the head is trained in full; an adapter inside it would be a second, hidden copy
        exclude_modules=rf".*({'|'.join(['classifier', 'score', *fresh])}).*",
        modules_to_save=fresh or None,
        layers_to_transform=list(layers) or None,
    )  # fmt: skip


def check_upper(upper_layers: int, config: Any) -> None:
    """Raises BadConfig where a model has no such layers, or shares its one layer with itself."""
    if upper_layers and config.model_type not in STACKED:
        raise BadConfig(
            f"upper_layers is {upper_layers}, and the layers of {config.model_type} cannot be told apart for it; "
            f"use one of {', '.join(STACKED)}, or --upper_layers 0."
        )
    if upper_layers > config.num_hidden_layers:
        raise BadConfig(
            f"upper_layers is {upper_layers}; this model has {config.num_hidden_layers} layers, choose fewer, or 0."
        )


def target_names(backbone: Backbone, kind: str, targets: str) -> list[str]:
    """The layers that `targets` speaks of. Raises BadConfig, listing those there are."""
    if targets == "auto":
        return list(QUERY_AND_VALUE[kind])
    asked = [name.strip() for name in targets.split(",") if name.strip()]
    known = linear_names(backbone)
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise BadConfig(
            f"lora_targets is {targets!r}; {backbone.title} has {', '.join(known)}; choose some of these, or auto."
        )
    return asked
