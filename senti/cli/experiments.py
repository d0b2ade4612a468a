"""The sub-commands of the experiments beyond the lab; builds quickly, imports nothing heavy."""

import argparse
from collections.abc import Callable
from typing import Any

Add = Callable[..., argparse.ArgumentParser]


def add_experiments(commands: Any, add: Add) -> None:
    """One sub-command or more per experiment; `add` is the parser's own (commands, name, help, "module.function")."""
    _sweep(commands, add)


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
