"""A backbone in numbers, without loading its weights."""

import hashlib
from collections.abc import Sequence
from typing import Any

from senti.config import LoraConfig
from senti.encoder.architectures import architecture
from senti.encoder.backbone import TOKENIZERS, Backbone, file_sha256, local_file, weight_files
from senti.encoder.load import load_config, quiet, readable
from senti.errors import BadConfig


def model_facts(backbone: Backbone) -> dict[str, Any]:
    """model_type, layers, heads, width, vocabulary, max_positions, parameters, checksum of the weights.

    checksum is empty while the weights are not on this machine. Raises MissingModel.
    """
    config = load_config(backbone)
    return {
        "model_type": config.model_type,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "width": config.hidden_size,
        "vocabulary": config.vocab_size,
        "max_positions": longest_text(config),
        "parameters": _size(hollow_backbone(backbone)),
        "checksum": weights_checksum(backbone),
    }


def longest_text(config: Any) -> int:
    """How many tokens a model can read."""
    kept = config.pad_token_id + 1 if architecture(config.model_type).skips_positions else 0
    return int(config.max_position_embeddings) - kept


def check_length(max_length: int, config: Any) -> None:
    """Raises BadConfig where a text would be cut to nothing, or not enough for the model."""
    longest = longest_text(config)
    if not 3 <= max_length <= longest:
        raise BadConfig(f"max_length is {max_length}; this model reads 3 to {longest} tokens of a text.")


def count_parameters(backbone: Backbone, classes: int) -> int:
    """What full fine-tuning trains: the whole transformer and a head for so many classes."""
    return _size(hollow_classifier(backbone, classes))


def stored_shapes(backbone: Backbone) -> list[tuple[int, ...]]:
    """The shape of each tensor in the files of a backbone, without loading torch; none where it is not here."""
    from safetensors import safe_open

    shapes = []
    with readable(backbone.path):
        for path in weight_files(backbone.path):
            with safe_open(path, "np") as file:
                shapes += [tuple(file.get_slice(name).get_shape()) for name in file.keys()]
    return shapes


def lora_parameters(backbone: Backbone, classes: int, config: LoraConfig) -> tuple[int, int]:
    """(trained, total) parameters under an adapter, head included. Raises BadConfig where it does not fit the model."""
    from peft import get_peft_model

    from senti.encoder.lora import lora_settings

    settings = lora_settings(backbone, config)
    with quiet():
        model = get_peft_model(hollow_classifier(backbone, classes), settings)
    trained, total = model.get_nb_trainable_parameters()
    return trained, total


def linear_names(backbone: Backbone) -> list[str]:
    """The last names of all linear layers of the transformer, in order: q_lin, k_lin, v_lin, ..."""
    from torch import nn

    modules = hollow_backbone(backbone).named_modules()
    return list(dict.fromkeys(name.rpartition(".")[2] for name, module in modules if isinstance(module, nn.Linear)))


def hollow_backbone(backbone: Backbone) -> Any:
    """The transformer with shapes but no numbers."""
    from transformers import AutoModel

    return _hollow(AutoModel, load_config(backbone), backbone.path)


def hollow_classifier(backbone: Backbone, classes: int) -> Any:
    """The transformer with a head for so many classes, with shapes but no numbers."""
    from transformers import AutoModelForSequenceClassification

    config = load_config(backbone)
    config.num_labels = classes
    return _hollow(AutoModelForSequenceClassification, config, backbone.path)


def weights_checksum(backbone: Backbone) -> str:
    """The sha256 of a backbone's weights, all shards; empty if they are not on this machine."""
    sums = [file_sha256(file) for file in weight_files(backbone.path)]
    return sums[0] if len(sums) == 1 else _joined(sums)


def reading_checksum(backbone: Backbone) -> str:
    """Two backbones with the same one give the same features: weights, configuration and tokenizer agree."""
    weights = weights_checksum(backbone)
    names = ("config.json", "tokenizer_config.json", "merges.txt", *TOKENIZERS)
    others = [f"{name} {file_sha256(file)}" for name in names if (file := local_file(backbone.path, name))]
    return _joined([weights, *others]) if weights else ""


def _joined(sums: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(sums).encode()).hexdigest() if sums else ""


def _hollow(auto: Any, config: Any, path: str) -> Any:
    import torch

    with readable(path), quiet(), torch.device("meta"):
        return auto.from_config(config)


def _size(model: Any) -> int:
    return sum(p.numel() for p in model.parameters())
