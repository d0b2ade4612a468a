"""The sub-commands of the experiments beyond the lab; builds quickly, imports nothing heavy."""

import argparse
from collections.abc import Callable
from typing import Any

from senti.cli.flags import add_knobs
from senti.config import METHODS, LoraConfig

Add = Callable[..., argparse.ArgumentParser]


def add_experiments(commands: Any, add: Add) -> None:
    """One sub-command or more per experiment; `add` is the parser's own (commands, name, help, "module.function")."""
    sub = add(commands, "repeat", "a finished run with other seeds: mean and deviation of its accuracy",
              "studies.repeat")  # fmt: skip
    sub.add_argument("run", help="a finished run")
    sub.add_argument("--seeds", type=int, default=5, help="seeds in all, those there already among them (default 5)")
    _find_lr(commands, add)
    sub = add(commands, "lora-study", "LoRA by rank and by the layers it adapts: weights against accuracy",
              "studies.lora_study")  # fmt: skip
    add_knobs(sub, LoraConfig)
    sub.add_argument("--ranks", type=int, nargs="+", default=[1, 4, 16], metavar="RANK",
                     help="in place of --lora_rank; three sets of layers are in place of --lora_targets "
                     "(default 1 4 16)")  # fmt: skip


def _find_lr(commands: Any, add: Add) -> None:
    help = "a suggestion for the learning rate, from one short training whose rate rises"
    find = commands.add_parser("find-lr", help=help, description=f"{help[0].upper()}{help[1:]}; keeps no weights.")
    methods = find.add_subparsers(title="methods", metavar="METHOD", required=True)
    for name in ("finetune", "lora"):
        what = f"where the loss of {name} falls fastest; --lr, epochs and schedule play no part"
        add(methods, name, what, "studies.find_lr").set_defaults(config_class=METHODS[name])
