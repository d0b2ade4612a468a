"""The sub-commands of the experiments beyond the lab; builds quickly, imports nothing heavy."""

import argparse
from collections.abc import Callable
from typing import Any

Add = Callable[..., argparse.ArgumentParser]


def add_experiments(commands: Any, add: Add) -> None:
    """One sub-command or more per experiment; `add` is the parser's own (commands, name, help, "module.function")."""
