"""What a model's files must be before weights are read, and its weights after: each refusal is one MissingModel."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from senti.encoder.architectures import architecture
from senti.errors import MissingModel

REFUSED = (  # beginnings of keys
    "auto_map", "_attn_implementation", "attn_implementation", "quantization_config", "is_decoder",
    "is_encoder_decoder",
)  # fmt: skip
# what makes PEFT import, resize, repeat or fetch more than the few weights of an adapter
REFUSED_OF_ADAPTERS = (
    "auto_mapping", "layer_replication", "megatron_config", "target_parameters", "trainable_token_indices",
    "prompt_tuning_init_text", "tokenizer_name_or_path", "tokenizer_kwargs",
)  # fmt: skip
PEFT_TYPES = {"lora": "LORA", "dora": "LORA", "ia3": "IA3", "prefix": "PREFIX_TUNING", "prompt-tuning": "PROMPT_TUNING"}
LARGEST_CONFIG = 1_000_000  # bytes
LARGEST_MODEL = 2e9  # parameters
MOST_LAYERS = 100
LARGEST_RANK = 64
LARGEST_PROMPT = {"num_virtual_tokens": 100, "token_dim": 16_384, "num_layers": MOST_LAYERS,
                  "num_transformer_submodules": 1}  # fmt: skip


def read_json(file: Path) -> dict[str, Any]:
    """A small JSON object of a model's folder. Raises MissingModel."""
    if file.stat().st_size > LARGEST_CONFIG:
        raise MissingModel(f"{file} is over 1 MB, which no encoder needs; pick another model.")
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as e:
        raise MissingModel(f"{file} is damaged: it is not JSON; download the model again.") from e
    if not isinstance(values, dict):
        raise MissingModel(f"{file} is damaged: it is not a JSON object; download the model again.")
    return values


def check_config(config: dict[str, Any], path: str) -> None:
    """Refuse what would run code, and what is no encoder, from config.json as written. Raises MissingModel."""
    for key, value in config.items():
        if value and key.startswith(REFUSED):
            raise MissingModel(f"{path} sets {key!r} in config.json, which senti never follows; pick another model.")
    architecture(config.get("model_type"), path)


def check_size(config: Any, path: str) -> None:
    """Refuse shapes that no machine of a class can hold. Raises MissingModel."""
    layers, width = config.num_hidden_layers, config.hidden_size
    stored = getattr(config, "num_hidden_groups", layers)  # ALBERT's layers share their weights
    parameters = 12 * stored * width**2 + config.vocab_size * width  # attention 4, feed-forward 8 per layer
    if layers > MOST_LAYERS or parameters > LARGEST_MODEL:
        raise MissingModel(
            f"{path} has {layers} layers and about {parameters / 1e9:,.1f} billion parameters; "
            f"senti takes at most {MOST_LAYERS} layers and {LARGEST_MODEL / 1e9:g} billion; pick a smaller model."
        )


def shard_names(index: Path) -> list[str]:
    """The weight files that model.safetensors.index.json names, each a safetensors file beside it.

    Raises MissingModel: transformers would follow a name out of the folder, and unpickle one that ends in .bin.
    """
    names = read_json(index).get("weight_map")
    shards = sorted({str(name) for name in names.values()}) if isinstance(names, dict) else []
    for name in shards:
        if not name.endswith(".safetensors") or "/" in name or "\\" in name:
            raise MissingModel(f"{index} names {name[:80]!r}, which is no safetensors file beside it; pick another.")
    if not shards:
        raise MissingModel(f"{index} is damaged: it names no weights; download the model again.")
    return shards


def check_weights(model: Any, absent: Iterable[str], may_be_fresh: Callable[[str], bool], path: str) -> None:
    """Refuse a transformer whose weights were not all in the file, or are not numbers. Raises MissingModel.

    absent: parameters that transformers drew at random because the file lacks them, or has them in another shape.
    """
    import torch

    if lost := sorted(name for name in absent if not may_be_fresh(name)):
        raise MissingModel(
            f"{path} lacks {len(lost)} of the weights that its config.json speaks of, or has them in another shape: "
            f"{lost[0]} for one; download the model again."
        )
    for name, values in model.named_parameters():
        if not torch.isfinite(values).all():
            raise MissingModel(f"{path} is damaged: {name} holds values that are no numbers; download it again.")


def check_tokenizer(tokenizer: Any, vocabulary: int, path: str) -> None:
    """Refuse the tokenizer that transformers makes up where files are missing, and one of another model."""
    if set(tokenizer.get_vocab()) <= set(tokenizer.all_special_tokens):
        raise MissingModel(f"{path} has no tokenizer (tokenizer.json); download the model again.")
    if len(tokenizer) > vocabulary:
        raise MissingModel(
            f"{path} has a tokenizer of {len(tokenizer):,} pieces for a model of {vocabulary:,}; "
            "they do not belong together; download the model again."
        )


def check_adapter(folder: Path, base: str, adapter: str = "lora") -> None:
    """Refuse what is no plain adapter of this kind in safetensors, trained on `base`. Raises MissingModel."""
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        if not (folder / name).is_file():
            raise MissingModel(f"{folder} holds no {name}; train the run again.")
    config = read_json(folder / "adapter_config.json")
    for key in REFUSED_OF_ADAPTERS:
        if config.get(key):
            raise MissingModel(f"{folder} sets {key!r} in adapter_config.json, which senti never follows; train again.")
    kind = PEFT_TYPES[adapter]
    if config.get("peft_type") != kind:
        found = str(config.get("peft_type"))[:40]
        raise MissingModel(f"{folder} is of type {found!r}, not {kind}; train the run again.")
    if config.get("base_model_name_or_path") != base:
        trained_on = str(config.get("base_model_name_or_path"))[:100]
        raise MissingModel(f"{folder} was trained on {trained_on}, not on {base}; choose that model.")
    if kind == "LORA":
        _check_ranks(folder, [config.get("r"), *(config.get("rank_pattern") or {}).values()])
    elif kind != "IA3":
        _check_prompt(folder, config)


def _check_prompt(folder: Path, config: dict[str, Any]) -> None:
    for name, most in LARGEST_PROMPT.items():
        if not isinstance(config.get(name), int) or not 0 < config[name] <= most:
            raise MissingModel(f"{folder} has {name} {config.get(name)!r}; it is 1 to {most}; train the run again.")


def _check_ranks(folder: Path, ranks: list[Any]) -> None:
    if not all(isinstance(rank, int) and 0 < rank <= LARGEST_RANK for rank in ranks):
        raise MissingModel(f"{folder} has rank {ranks[0]!r}; LoRA's rank is 1 to {LARGEST_RANK}; train the run again.")
