"""The sub-commands of the experiments beyond the lab; builds quickly, imports nothing heavy."""

import argparse
from collections.abc import Callable
from typing import Any

from senti.config import METHODS

Add = Callable[..., argparse.ArgumentParser]


def add_experiments(commands: Any, add: Add) -> None:
    """One sub-command or more per experiment; `add` is the parser's own (commands, name, help, "module.function")."""
    sub = add(commands, "repeat", "a finished run with other seeds: mean and deviation of its accuracy",
              "studies.repeat")  # fmt: skip
    sub.add_argument("run", help="a finished run")
    sub.add_argument("--seeds", type=int, default=5, help="seeds in all, those there already among them (default 5)")
    _find_lr(commands, add)


def _find_lr(commands: Any, add: Add) -> None:
    help = "a suggestion for the learning rate, from one short training whose rate rises"
    find = commands.add_parser("find-lr", help=help, description=f"{help[0].upper()}{help[1:]}; keeps no weights.")
    methods = find.add_subparsers(title="methods", metavar="METHOD", required=True)
    for name in ("finetune", "lora"):
        what = f"where the loss of {name} falls fastest; --lr, epochs and schedule play no part"
        add(methods, name, what, "studies.find_lr").set_defaults(config_class=METHODS[name])
