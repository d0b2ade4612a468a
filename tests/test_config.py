"""Knobs are declared once and checked once."""

import math

import pytest

from senti.cli.flags import add_knobs, read_config
from senti.cli.parser import Parser
from senti.config import METHODS, FinetuneConfig, LoraConfig, SvmConfig, command_line, from_dict, to_dict
from senti.errors import BadConfig


def test_the_labs_defaults():
    full, lora = FinetuneConfig(), LoraConfig()
    assert (full.lr, full.epochs, full.batch_size) == (2e-5, 3, 16)
    assert (lora.lr, lora.lora_rank, lora.lora_alpha) == (5e-4, 8, 32)
    assert SvmConfig().pooling == "cls"


@pytest.mark.parametrize("cls", METHODS.values())
def test_a_config_survives_json_and_the_command_line(cls):
    changed = cls(dataset="bundled", subset=10, seed=3)
    assert from_dict(to_dict(changed)) == changed
    parser = Parser()
    add_knobs(parser, cls)
    assert read_config(cls, parser.parse_args(command_line(changed)[1:])) == changed


def test_the_command_line_leaves_defaults_out():
    assert command_line(LoraConfig(lr=1e-3, gradient_checkpointing=True)) == [
        "lora", "--lr", "0.001", "--gradient-checkpointing",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "knobs",
    [
        {"lr": 0.0}, {"lr": -1.0}, {"lr": 1e9}, {"lr": math.nan}, {"lr": math.inf}, {"lr": "abc"},
        {"batch_size": 0}, {"batch_size": 10**6}, {"epochs": 0}, {"epochs": 10**9}, {"epochs": True},
        {"max_length": 0}, {"max_length": 10**9}, {"lora_rank": 0}, {"lora_rank": 10_000},
        {"precision": "int4"}, {"subset": 1}, {"seed": -1}, {"dataset": 3},
    ],
)  # fmt: skip
def test_a_bad_knob_is_refused_by_name_and_value(knobs):
    ((name, value),) = knobs.items()
    with pytest.raises(BadConfig, match=name) as refusal:
        LoraConfig(**knobs)
    assert str(value) in str(refusal.value)


def test_an_unknown_method_lists_the_known():
    with pytest.raises(BadConfig, match="majority, tfidf, svm, finetune, lora"):
        from_dict({"method": "magic"})
