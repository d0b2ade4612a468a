"""The sub-commands of the experiments beyond the lab; builds quickly, imports nothing heavy."""

import argparse
from collections.abc import Callable
from typing import Any

Add = Callable[..., argparse.ArgumentParser]


def add_experiments(commands: Any, add: Add) -> None:
    """One sub-command or more per experiment; `add` is the parser's own (commands, name, help, "module.function")."""
    _augment(commands, add)


def _augment(commands: Any, add: Add) -> None:
    sub = add(commands, "augment", "more data from one sentence: what each kind of variants makes of it",
              "augment.augment")  # fmt: skip
    sub.add_argument("text", metavar="TEXT")
    sub.add_argument("--augment", choices=("dropout", "swap", "insertion", "synonym", "eda"),
                     help="this kind alone (default: all)")  # fmt: skip
    sub.add_argument("--n", type=int, default=2, help="variants of each kind (default 2)")
    sub = add(commands, "augment-curve", "accuracy with and without variants, for 64, 256, 1,024 and all reviews",
              "augment.augment_curve")  # fmt: skip
    sub.add_argument("method", nargs="?", default="svm", choices=("svm", "tfidf"), help="default svm; kinds: tfidf has "
                     "dropout (its default) and swap, svm all (default eda)")  # fmt: skip
