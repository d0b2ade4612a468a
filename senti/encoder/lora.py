"""What an adapter adds to which architecture, in PEFT's terms: LoRA, DoRA, IA3, prefix and prompt tuning."""

from typing import TYPE_CHECKING, Any

from senti.config import ADAPTERS, PROMPTED, LoraConfig
from senti.encoder.architectures import ARCHITECTURES, architecture
from senti.encoder.backbone import Backbone
from senti.encoder.facts import hollow_backbone, linear_names, longest_text
from senti.encoder.load import load_config
from senti.errors import BadConfig

if TYPE_CHECKING:
    from peft import PeftConfig

VIRTUAL_TOKENS = 20


def lora_settings(backbone: Backbone, config: LoraConfig) -> "PeftConfig":
    """PEFT's settings for a backbone under the adapter that a config asks for. Raises BadConfig, MissingModel."""
    told = load_config(backbone)
    if config.adapter == "ia3":
        return _scales(told)
    if config.adapter in PROMPTED:
        return _virtual_tokens(backbone, told, config)
    return _matrices(backbone, told, config)


def _matrices(backbone: Backbone, told: Any, config: LoraConfig) -> "PeftConfig":
    """LoRA (Hu et al. 2021) and DoRA (Liu et al. 2024)."""
    from peft import LoraConfig as Matrices

    check_upper(config.upper_layers, told)
    layers = range(told.num_hidden_layers - config.upper_layers, told.num_hidden_layers)
    fresh = architecture(told.model_type).fresh
    return Matrices(
        task_type="SEQ_CLS", r=config.lora_rank, lora_alpha=config.lora_alpha, lora_dropout=config.lora_dropout,
        use_dora=config.adapter == "dora",
        target_modules=target_names(backbone, told.model_type, config.lora_targets),
        # the head is trained in full; an adapter inside it would be a second, hidden copy
        exclude_modules=rf".*({'|'.join(['classifier', 'score', *fresh])}).*",
        modules_to_save=list(fresh) or None,
        layers_to_transform=list(layers) or None,
    )  # fmt: skip


def _scales(told: Any) -> "PeftConfig":
    """IA3 (Liu et al. 2022): a scale per number of keys, values and what the feed-forward's second half takes."""
    from peft import IA3Config

    known = architecture(told.model_type)
    if not known.keys_values:
        able = [kind for kind, each in ARCHITECTURES.items() if each.keys_values]
        raise BadConfig(
            f"adapter is 'ia3', and {told.model_type} makes query, key and value in one matrix, which IA³ cannot scale "
            f"apart; use one of {', '.join(able)}, or another adapter."
        )
    return IA3Config(
        task_type="SEQ_CLS", target_modules=rf".*\.({'|'.join([*known.keys_values, known.feed_forward])})",
        feedforward_modules=rf".*\.{known.feed_forward}", modules_to_save=list(known.fresh) or None,
    )  # fmt: skip


def _virtual_tokens(backbone: Backbone, told: Any, config: LoraConfig) -> "PeftConfig":
    """Prefix tuning (Li and Liang 2021) and prompt tuning (Lester et al. 2021)."""
    from peft import PrefixTuningConfig, PromptTuningConfig

    known, title = architecture(told.model_type), ADAPTERS[config.adapter]
    longest = longest_text(told) - VIRTUAL_TOKENS
    if config.max_length > longest:
        raise BadConfig(
            f"max_length is {config.max_length}, and {title} needs {VIRTUAL_TOKENS} places of this model beside the "
            f"text; choose at most {longest}."
        )
    sizes = {"num_virtual_tokens": VIRTUAL_TOKENS, "num_layers": told.num_hidden_layers,
             "num_attention_heads": told.num_attention_heads}  # fmt: skip
    if config.adapter == "prompt-tuning":
        width = hollow_backbone(backbone).get_input_embeddings().embedding_dim  # of ALBERT and ELECTRA, a narrow one
        return PromptTuningConfig(task_type="SEQ_CLS", token_dim=width, modules_to_save=list(known.fresh) or None,
                                  **sizes)  # fmt: skip
    if not known.takes_prefix:
        able = [kind for kind, each in ARCHITECTURES.items() if each.takes_prefix]
        raise BadConfig(
            f"adapter is 'prefix', and {told.model_type} takes no keys and values from outside; use one of "
            f"{', '.join(able)}, or another adapter."
        )
    return PrefixTuningConfig(task_type="SEQ_CLS", token_dim=told.hidden_size, **sizes)


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
    """The layers that `targets` speaks of: last names of linear layers, or `auto`. Raises BadConfig, listing them."""
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
