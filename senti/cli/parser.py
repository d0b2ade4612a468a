"""The sub-commands with their flags, and the lab's steps; builds quickly, imports nothing heavy."""

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from senti.cli.answer import Answer
from senti.cli.flags import add_knobs, spellings
from senti.config import METHODS, Config, EncoderConfig, LoraConfig, TfidfConfig
from senti.errors import BadConfig

STEPS = {
    "e11": ("data", "look at the dataset"),
    "e12": ("inspect", "look at the model"),
    "e13": ("svm", "SVM baseline on frozen features"),
    "e21": ("tokenize", "tokenize all splits"),
    "e22": ("setup", "model set-up for fine-tuning"),
    "e23": ("finetune", "full fine-tuning with the Trainer"),
    "e31": ("lora", "LoRA fine-tuning"),
}
KNOBS: dict[str, type[Config]] = METHODS | {
    "data": EncoderConfig,
    "inspect": EncoderConfig,
    "tokenize": EncoderConfig,
    "setup": LoraConfig,
    "baselines": TfidfConfig,
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit 2."""
        print(f"{self.prog}: {message}; see {self.prog} --help", file=sys.stderr)
        raise SystemExit(2)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    steps = "\n".join(f"  --step {step}   {name:9} {gloss}" for step, (name, gloss) in STEPS.items())
    parser = Parser(
        prog="senti", formatter_class=argparse.RawDescriptionHelpFormatter,
        description="Adapt a pre-trained transformer to sentiment analysis, and see inside while it happens.",
        epilog=f"the lab's steps, with all their flags:\n{steps}",
    )  # fmt: skip
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", parser_class=Parser)
    _look(commands)
    _train(commands)
    _use(commands)
    return parser


def _look(commands: Any) -> None:
    _add(commands, "data", "look at the dataset: sizes, balance, lengths, telling words", "look.data")
    sub = _add(commands, "inspect", "look at the model: its shape, and what it makes of a text", "look.inspect")
    sub.add_argument("text", nargs="?", default="an unflinchingly tender film", help="the text to look at")
    _add(commands, "tokenize", "tokenize all splits, as the Trainer will see them", "look.tokenize")
    _add(commands, "setup", "set up the model for fine-tuning and count what would be trained", "look.setup")


def _train(commands: Any) -> None:
    helps = {
        "majority": "the most frequent label: the floor",
        "tfidf": "TF-IDF and a linear SVM: before transformers",
        "svm": "a linear SVM on frozen features",
        "finetune": "full fine-tuning: all weights",
        "lora": "LoRA: a few small matrices",
    }
    for name, cls in METHODS.items():
        sub = _add(commands, name, helps[name], "train.method")
        sub.set_defaults(config_class=cls)
        sub.add_argument("--run", "--name", dest="run", default="", metavar="NAME",  # torchrun has a --run-path
                         help="name of the run (default: time, method, random)")  # fmt: skip
    _add(commands, "baselines", "majority and TF-IDF", "train.baselines")
    _add(commands, "quickstart", "SVM, full fine-tuning and LoRA on the bundled reviews, in about a minute",
         "train.quickstart")  # fmt: skip


def _use(commands: Any) -> None:
    sub = _add(commands, "compare", "the results table, and texts through several runs", "use.compare")
    sub.add_argument("texts", nargs="*", metavar="TEXT", help="texts to send through the runs")
    _add_runs(sub)
    sub = _add(commands, "predict", "label texts from arguments, standard input or a file", "use.predict")
    sub.add_argument(
        "texts", nargs="*", metavar="TEXT",
        help="texts (default: one per line of standard input); or IN OUT: the rows of a file or folder IN go to the "
        "folder OUT in labelled shards, which the processes of torchrun share; a killed job goes on",
    )  # fmt: skip
    sub.add_argument(*spellings("shard_rows"), dest="shard_rows", type=int, default=10_000, metavar="N",
                     help="rows per shard of IN OUT (default 10,000)")
    sub.add_argument("--file", type=Path, help="a csv, tsv, jsonl or parquet file with a text column")
    sub.add_argument("--out", type=Path, help="where the file goes with its added columns (same format as --file)")
    sub.add_argument(*spellings("text_column"), dest="text_column", help="column that holds the text")
    _add_runs(sub)
    sub = _add(commands, "runs", "list, show, stop or delete runs", "use.runs")
    sub.add_argument("action", nargs="?", default="list", choices=("list", "show", "stop", "delete"))
    sub.add_argument("name", nargs="?", default="", help="the run")
    sub.add_argument("--yes", action="store_true", help="delete without asking")
    _add(commands, "doctor", "what is installed, reachable and cached, and a smoke run", "doctor.doctor")


def _add(commands: Any, name: str, help: str, target: str) -> argparse.ArgumentParser:
    """One sub-command: its knobs, `--output_dir`, `--json`, and the function that answers, imported when called."""
    sub: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
    if name in KNOBS:
        add_knobs(sub, KNOBS[name])
    sub.add_argument(*spellings("output_dir"), dest="output_dir", type=Path, default=Path("checkpoints"),
                     help="folder of the runs (default checkpoints)")  # fmt: skip
    sub.add_argument("--json", action="store_true", help="print exactly one JSON object")
    sub.set_defaults(command=_lazy(target))
    return sub


def _add_runs(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("--runs", nargs="+", default=[], metavar="RUN", help="runs to use (default: every finished one)")


def _lazy(target: str) -> Callable[[argparse.Namespace], Answer]:
    module, function = target.split(".")

    def call(args: argparse.Namespace) -> Answer:
        return getattr(importlib.import_module(f"senti.cli.{module}"), function)(args)

    return call


def expand_step(argv: list[str]) -> list[str]:
    """`--step e13 --subset 100` as `svm --subset 100`. Raises BadConfig for an unknown step.

    The lab has one set of flags for all steps; those a step has no use for are dropped here, and said.
    """
    words = [w for word in argv for w in (word.split("=", 1) if word.startswith("--step=") else [word])]
    if "--step" not in words:
        return argv
    at = words.index("--step")
    step = words[at + 1] if at + 1 < len(words) else ""
    if step not in STEPS:
        raise BadConfig(f"--step is {step!r}; choose one of {', '.join(STEPS)}.")
    rest = words[:at] + words[at + 2 :]
    return [STEPS[step][0], *_without_foreign_flags(STEPS[step][0], rest)]


def _without_foreign_flags(command: str, words: list[str]) -> list[str]:
    """Drop the lab's training flags where the step's own method has no such knob, and say which."""
    own, lab = Parser(add_help=False), Parser(add_help=False, argument_default=argparse.SUPPRESS)
    add_knobs(own, KNOBS[command])
    add_knobs(lab, LoraConfig)
    kept = set(own._option_string_actions)
    out, dropped, skip = [], [], False
    for word in words:
        flag = word.split("=")[0]
        if skip and not word.startswith("--"):
            skip = False
            continue
        skip = False
        action = lab._option_string_actions.get(flag)
        if action and flag not in kept:
            dropped.append(flag)
            skip = action.nargs != 0 and "=" not in word
            continue
        out.append(word)
    if dropped:
        print(f"senti: {command} has no use for {', '.join(dropped)}", file=sys.stderr)
    return out

