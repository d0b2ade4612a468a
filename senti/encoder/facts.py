"""A backbone in numbers, without loading its weights."""

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from senti import hub
from senti.encoder.backbone import WEIGHTS, Backbone, file_sha256
from senti.encoder.load import load_config, quiet


def model_facts(backbone: Backbone) -> dict[str, Any]:
    """model_type, layers, heads, width, vocabulary, max_positions, parameters."""
    config = load_config(backbone)
    return {
        "model_type": config.model_type,
        "layers": config.num_hidden_layers,
        "heads": config.num_attention_heads,
        "width": config.hidden_size,
        "vocabulary": config.vocab_size,
        "max_positions": config.max_position_embeddings,
        "parameters": _size(hollow_backbone(backbone)),
    }


def count_parameters(backbone: Backbone, classes: int) -> int:
    """What full fine-tuning trains: the whole transformer and a head for so many classes."""
    return _size(hollow_classifier(backbone, classes))


def lora_parameters(backbone: Backbone, classes: int, rank: int, targets: str = "auto") -> tuple[int, int]:
    """(trained, total) parameters under LoRA of this rank, head included. Raises BadConfig for unknown targets."""
    from peft import get_peft_model

    from senti.encoder.lora import lora_settings

    settings = lora_settings(backbone, rank=rank, alpha=1, dropout=0.0, targets=targets)
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

    return _hollow(AutoModel, load_config(backbone))


def hollow_classifier(backbone: Backbone, classes: int) -> Any:
    """The transformer with a head for so many classes, with shapes but no numbers."""
    from transformers import AutoModelForSequenceClassification

    config = load_config(backbone)
    config.num_labels = classes
    return _hollow(AutoModelForSequenceClassification, config)


def weights_checksum(backbone: Backbone) -> str:
    """The sha256 of a backbone's weights: two backbones with the same one give the same features."""
    folder = Path(backbone.path)
    for name in WEIGHTS:
        path = folder / name if folder.is_dir() else hub.cached_file(backbone.path, name)
        if path and path.is_file():
            stat = path.stat()
            return _sum(path, stat.st_size, stat.st_mtime_ns)
    return backbone.path


@functools.lru_cache(maxsize=16)
def _sum(path: Path, size: int, modified: int) -> str:
    return file_sha256(path)


def _hollow(auto: Any, config: Any) -> Any:
    import torch

    with quiet(), torch.device("meta"):
        return auto.from_config(config)


def _size(model: Any) -> int:
    return sum(p.numel() for p in model.parameters())


__all__: Sequence[str] = ["count_parameters", "linear_names", "lora_parameters", "model_facts", "weights_checksum"]
