"""The sub-commands of the experiments beyond the lab; builds quickly, imports nothing heavy."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from senti.cli.flags import spellings

Add = Callable[..., argparse.ArgumentParser]


def add_experiments(commands: Any, add: Add) -> None:
    """One sub-command or more per experiment; `add` is the parser's own (commands, name, help, "module.function")."""
    _augment(commands, add)
    _domain(commands, add)


def _domain(commands: Any, add: Add) -> None:
    sub = add(commands, "transfer", "runs judged on reviews of another kind, and what they lose there",
              "domain.transfer")  # fmt: skip
    sub.add_argument("runs", nargs="*", metavar="RUN", help="runs to judge (default: every finished one)")
    _add_other(sub)
    _add_other(add(commands, "adapt", "how many labelled reviews of another kind repair the linear methods",
                   "domain.adapt"))  # fmt: skip
    _add_other(add(commands, "shifting-words", "words that weigh otherwise in reviews of another kind",
                   "domain.shifting_words"))  # fmt: skip
    sub = add(commands, "mix", "write training reviews with some of another kind mixed in, for any method",
              "domain.mix")  # fmt: skip
    _add_other(sub)
    sub.add_argument("--rows", type=int, default=64, help="how many of the other kind (default 64)")
    sub.add_argument("--out", type=Path, required=True, help="the file to write: csv, tsv, jsonl or parquet")


def _add_other(sub: argparse.ArgumentParser) -> None:
    """The other reviews; a command's own flags, such as --dataset, tell of those at home."""
    sub.add_argument("--to", required=True, metavar="DATASET",
                     help="the other reviews: a name, a Hub id, or a file or folder, as in --dataset")  # fmt: skip
    for column in ("text", "label"):
        name = f"to_{column}_column"
        sub.add_argument(*spellings(name), dest=name, help=f"column of --to that holds the {column} (found by name)")


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
