"""The sub-commands of the experiments beyond the lab; builds quickly, imports nothing heavy."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from senti.cli.flags import add_knobs, spellings
from senti.config import METHODS, LoraConfig

Add = Callable[..., argparse.ArgumentParser]


def add_experiments(commands: Any, add: Add) -> None:
    """One sub-command or more per experiment; `add` is the parser's own (commands, name, help, "module.function")."""
    _augment(commands, add)
    _domain(commands, add)
    _sweep(commands, add)
    _tune(commands, add)


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


def _sweep(commands: Any, add: Add) -> None:
    """`sweep METHOD --space ...`, where the method brings its own flags, and `sweep --show NAME`."""
    kept = "where the study is kept: a journal file, or a database's URL for machines that share it (default: a file "
    storage: dict[str, Any] = {"default": "", "metavar": "URL", "help": f"{kept}beside the runs)"}
    sub = add(
        commands, "sweep", "try many knobs of a method: grid, random or TPE; weak trials are pruned", "sweep.show"
    )
    sub.add_argument("--show", default="", metavar="NAME", help="show the trials of this sweep, train nothing")
    sub.add_argument("--storage", **storage)
    methods = sub.add_subparsers(title="methods", metavar="METHOD", parser_class=type(sub))
    for name in ("tfidf", "svm", "finetune", "lora"):
        each = add(methods, name, f"sweep {name}; its own flags set the knobs that stay", "sweep.sweep")
        each.set_defaults(method=name)
        each.add_argument("--space", nargs="+", action="extend", default=[], metavar="KNOB=VALUES",
                          help="C=0.01,0.1,1 or lr=1e-5..1e-3:log or lora_rank=2..16")  # fmt: skip
        each.add_argument(
            "--sampler", default="tpe", choices=("tpe", "random", "grid"), help="who chooses (default tpe)"
        )
        each.add_argument("--trials", type=int, metavar="N", help="how many (default 20; of a grid, all)")
        each.add_argument("--seeds", type=int, default=1, metavar="N", help="runs that a trial averages (default 1)")
        each.add_argument("--no-prune", "--no_prune", dest="prune", action="store_false",
                          help="let each trial run to its end, also below the median")  # fmt: skip
        each.add_argument("--name", default="", help="name of the sweep; the same name goes on (default sweep-METHOD)")
        each.add_argument("--storage", **storage)


def _tune(commands: Any, add: Add) -> None:
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
