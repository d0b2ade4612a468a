"""Which layers LoRA adapts in which architecture."""

from typing import TYPE_CHECKING, Any

from senti.encoder.architectures import ARCHITECTURES, architecture
from senti.encoder.backbone import Backbone
from senti.encoder.facts import linear_names
from senti.encoder.load import load_config
from senti.errors import BadConfig

if TYPE_CHECKING:
    from peft import LoraConfig


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
    fresh = architecture(kind).fresh
    return LoraConfig(
        task_type="SEQ_CLS", r=rank, lora_alpha=alpha, lora_dropout=dropout,
        target_modules=target_names(backbone, kind, targets),
        # the head is trained in full; an adapter inside it would be a second, hidden copy
        exclude_modules=rf".*({'|'.join(['classifier', 'score', *fresh])}).*",
        modules_to_save=list(fresh) or None,
        layers_to_transform=list(layers) or None,
    )  # fmt: skip


def check_upper(upper_layers: int, config: Any) -> None:
    """Raises BadConfig where a model has no such layers, or they cannot be told apart."""
    plain = [kind for kind, known in ARCHITECTURES.items() if known.plain]
    if upper_layers and config.model_type not in plain:
        raise BadConfig(
            f"upper_layers is {upper_layers}, and the layers of {config.model_type} cannot be told apart for it; "
            f"use one of {', '.join(plain)}, or --upper_layers 0."
        )
    if upper_layers > config.num_hidden_layers:
        raise BadConfig(
            f"upper_layers is {upper_layers}; this model has {config.num_hidden_layers} layers, choose fewer, or 0."
        )


def target_names(backbone: Backbone, kind: str, targets: str) -> list[str]:
    """The layers that `targets` speaks of. Raises BadConfig, listing those there are."""
    if targets == "auto":
        return list(architecture(kind).targets)
    asked = [name.strip() for name in targets.split(",") if name.strip()]
    known = linear_names(backbone)
    unknown = [name for name in asked if name not in known]
    if unknown or not asked:
        raise BadConfig(
            f"lora_targets is {targets!r}; {backbone.title} has {', '.join(known)}; choose some of these, or auto."
        )
    return asked
