"""How few weights are enough? LoRA by rank and by the layers it adapts, beside full fine-tuning.

Everything else stays as it is, alpha too, so that a step of rank 1 counts as much as in Hu et al. 2021, who set alpha
once and then vary the rank (https://arxiv.org/abs/2106.09685).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from senti.config import ADAPTERS, Config, LoraConfig
from senti.encoder import Backbone, architecture, linear_names
from senti.encoder.load import load_config
from senti.evaluation import results_table
from senti.methods import TITLES
from senti.runs import open_run

RANKS = (1, 4, 16)
PROJECTIONS = ("query", "key", "value", "q_lin", "k_lin", "v_lin", "q", "k", "v", "query_proj", "key_proj",
               "value_proj", "in_proj", "Wqkv")  # fmt: skip


def target_sets(backbone: Backbone) -> list[str]:
    """`lora_targets` from few layers to all: query and value; query, key and value; every linear layer.

    Sets that are the same in this kind of transformer come once.
    """
    every = linear_names(backbone)
    usual = architecture(load_config(backbone).model_type).targets
    sets = [usual, tuple(name for name in every if name in PROJECTIONS), tuple(every)]
    distinct = list(dict.fromkeys(each for each in sets if each))
    return ["auto" if each == usual else ",".join(each) for each in distinct]


def study_configs(config: LoraConfig, backbone: Backbone, ranks: Sequence[int] = RANKS) -> list[LoraConfig]:
    """A config per set of layers and rank. Raises BadConfig for a rank out of bounds."""
    return [replace(config, lora_rank=rank, lora_targets=targets)
            for targets in target_sets(backbone) for rank in ranks]  # fmt: skip


def study_table(root: Path, checksum: str) -> pd.DataFrame:
    """LoRA and full fine-tuning on the reviews of a checksum: rows of `results_table` with targets, rank, name, mark.

    name: the method and the layers it adapts.  mark: what stands beside the dot, `rank 8`.
    """
    table = results_table(root)
    table = table[table["data"].str.endswith(f" {checksum}") & table["method"].isin(["lora", "finetune"])]
    configs = [open_run(root, name).config for name in table["run"]]
    loras = [config if isinstance(config, LoraConfig) else None for config in configs]
    return table.assign(
        targets=[config.lora_targets if config else "" for config in loras],
        rank=[config.lora_rank if config else 0 for config in loras],
        name=[_name(config) for config in configs],
        mark=[_mark(config) for config in loras],
    )


def _name(config: Config) -> str:
    if not isinstance(config, LoraConfig):
        return TITLES["finetune"]
    if config.adapter != "lora":
        return ADAPTERS[config.adapter]
    layers = "query and value" if config.lora_targets == "auto" else config.lora_targets.replace(",", ", ")
    part = f", upper {config.upper_layers}" if config.upper_layers else ""
    return f"LoRA on {layers}{part}"


def _mark(config: LoraConfig | None) -> str:
    if config is None:
        return "all"
    return f"rank {config.lora_rank}" if config.adapter in ("lora", "dora") else ""
