"""The sub-commands of the experiments beyond the lab; builds quickly, imports nothing heavy."""

import argparse
from collections.abc import Callable
from typing import Any

Add = Callable[..., argparse.ArgumentParser]


def add_experiments(commands: Any, add: Add) -> None:
    """One sub-command or more per experiment; `add` is the parser's own (commands, name, help, "module.function")."""
    sub = add(commands, "repeat", "a finished run with other seeds: mean and deviation of its accuracy",
              "studies.repeat")  # fmt: skip
    sub.add_argument("run", help="a finished run")
    sub.add_argument("--seeds", type=int, default=5, help="seeds in all, those there already among them (default 5)")
