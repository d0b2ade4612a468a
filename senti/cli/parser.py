"""The sub-commands with their flags, and the lab's steps; builds quickly, imports nothing heavy."""

import argparse
import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from senti.cache import runs_dir
from senti.cli.answer import Answer
from senti.cli.experiments import add_experiments
from senti.cli.flags import add_knobs, spellings
from senti.cli.progress import note
from senti.config import METHODS, Config, EncoderConfig, LoraConfig, SvmConfig, TfidfConfig
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
    **dict.fromkeys(("problems", "slices", "map", "contrast", "probe", "drift", "learning-curve"), EncoderConfig),
    "ladder": SvmConfig,
    "adapt": EncoderConfig,
    **dict.fromkeys(("shifting-words", "mix"), Config),
    "augment": EncoderConfig,
    "augment-curve": SvmConfig,
}


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        """Print one line and exit 2."""
        note(f"{self.prog}: {message}; see {self.prog} --help")
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
    _look_closer(commands)
    _train(commands)
    _judge(commands)
    _show_evidence(commands)
    _linear(commands)
    add_experiments(commands, _add)
    _use(commands)
    return parser


def _look(commands: Any) -> None:
    _add(commands, "data", "look at the dataset: sizes, balance, lengths, telling words", "look.data")
    sub = _add(commands, "inspect", "look at the model: its shape, and what it makes of a text", "look.inspect")
    sub.add_argument("text", nargs="?", default="an unflinchingly tender film", help="the text to look at")
    _add(commands, "tokenize", "tokenize all splits, as the Trainer will see them", "look.tokenize")
    _add(commands, "setup", "set up the model for fine-tuning and count what would be trained", "look.setup")


def _look_closer(commands: Any) -> None:
    out: dict[str, Any] = {"type": Path, "help": "also write the rows to this csv file"}
    split: dict[str, Any] = {"choices": ("train", "validation", "test"), "help": "the reviews of this split"}
    sub = _add(commands, "problems", "likely label errors, near-duplicates, outliers, cut reviews, imbalance",
               "reviews.problems")  # fmt: skip
    sub.add_argument("--out", **out)
    sub = _add(commands, "slices", "kinds of reviews: how many, and how well each run does on them", "reviews.slices")
    sub.add_argument("--slice", nargs="+", default=[], metavar="SLICE", help="first line: these slices combined")
    sub.add_argument("--split", default="test", **split | {"choices": ("validation", "test")})
    sub = _add(commands, "map", "the reviews as points: principal components of a layer", "reviews.map_reviews")
    sub.add_argument("--reader", default="backbone", help="backbone, or a run that fine-tuned it (default backbone)")
    sub.add_argument("--layer", type=int, default=-1, help="0 embeddings, 1 first layer, -1 last (default)")
    sub.add_argument("--pooling", default="mean", choices=("cls", "mean"), help="one vector per review (default mean)")
    sub.add_argument("--split", default="validation", **split)
    sub.add_argument("--out", **out)
    sub = _add(commands, "contrast", "two texts: how far they drift apart, layer by layer", "inside.contrast")
    sub.add_argument("first", metavar="TEXT")
    sub.add_argument("second", metavar="TEXT")
    sub = _add(commands, "probe", "in which layer can a line tell the labels apart", "inside.probe")
    sub.add_argument("readers", nargs="*", default=["backbone"], metavar="READER",
                     help="backbone, or runs that fine-tuned it (default backbone)")  # fmt: skip
    sub = _add(commands, "drift", "how far a run moved each layer of its backbone", "inside.drift")
    sub.add_argument("run", help="a finished run of full fine-tuning or LoRA")


def _train(commands: Any) -> None:
    helps = {
        "majority": "the most frequent label: the floor",
        "tfidf": "TF-IDF and a linear SVM: before transformers",
        "svm": "a linear SVM on frozen features",
        "finetune": "full fine-tuning: all weights",
        "lora": "LoRA: a few small matrices",
        "distill": "a smaller student of a finished run: fewer layers",
        "ensemble": "several finished runs asked together: mean, weighted mean, vote or stacking",
        "prompt": "labels in words: zero-shot and few-shot, by cosine or by a blank to fill",
    }
    for name, cls in METHODS.items():
        sub = _add(commands, name, helps[name], "train.method")
        sub.set_defaults(config_class=cls)
        sub.add_argument("--run", "--name", dest="run", default="", metavar="NAME",  # torchrun has a --run-path
                         help="name of the run (default: time, method, random)")  # fmt: skip
        if name == "ensemble":
            sub.add_argument("runs", nargs="*", metavar="RUN", help="the finished runs to combine, as in --members")
            sub.set_defaults(command=_lazy("train.ensemble"))
        if name == "distill":
            sub.set_defaults(command=_lazy("train.distill"))
    _add(commands, "baselines", "majority and TF-IDF", "train.baselines")
    _add(commands, "quickstart", "SVM, full fine-tuning and LoRA on the bundled reviews, in about a minute",
         "train.quickstart")  # fmt: skip


def _judge(commands: Any) -> None:
    sub = _add(commands, "differences", "is the difference between runs real? every pair, tested", "judge.differences")
    sub.add_argument("--split", default="test", choices=("validation", "test"), help="the reviews of this split")
    _add_runs(sub)
    sub = _add(commands, "disagreements", "on which sentences runs differ; with a text: why they do",
               "disagreements.disagreements")  # fmt: skip
    sub.add_argument("text", nargs="?", metavar="TEXT", help="explain this one (default: list those of the split)")
    sub.add_argument("--split", default="test", choices=("validation", "test"), help="list the reviews of this split")
    sub.add_argument("--read", action="store_true", help="read the training reviews for neighbours and layers, "
                     "where not done before: about a minute per transformer")  # fmt: skip
    _add_runs(sub)
    sub = _add(commands, "split", "a whole split: calibration, ROC, coverage, agreement of runs", "judge.split")
    sub.add_argument("--split", default="test", choices=("validation", "test"), help="the reviews of this split")
    sub.add_argument("--threshold", type=float, default=0.9, help="answer only when at least this sure (default 0.9)")
    sub.add_argument("--out", type=Path, help="write every review with what each run said of it to this csv file")
    _add_runs(sub)
    sub = _add(commands, "cost", "accuracy against what it costs, and which runs are dominated", "judge.cost")
    sub.add_argument("--cost", default="train_seconds", choices=("train_seconds", "trained", "memory", "bytes", "ms"),
                     help="training time, parameters, peak memory, size on disk, or time per sentence")  # fmt: skip
    _add_runs(sub)
    sub = _add(commands, "challenge", "the behavioural suite: negation, contrast, irony, typos ...", "judge.challenge")
    _add_runs(sub)
    sub = _add(commands, "explain", "which words moved each run's answer to a text", "judge.explain")
    sub.add_argument("text", metavar="TEXT")
    sub.add_argument("--label", default="", help="the words that speak for this label (default: the one a run gives)")
    _add_runs(sub)


def _show_evidence(commands: Any) -> None:
    sub = _add(commands, "nearest", "the training reviews nearest to a text, as each run sees them", "evidence.nearest")
    sub.add_argument("text", metavar="TEXT")
    sub.add_argument("--k", type=int, default=5, help="how many reviews (default 5)")
    _add_runs(sub)
    sub = _add(commands, "mistakes", "what each run got wrong, surest first", "evidence.mistakes")
    sub.add_argument("--split", default="test", choices=("validation", "test"), help="the reviews of this split")
    sub.add_argument("--n", type=int, default=20, help="how many mistakes (default 20)")
    _add_runs(sub)
    sub = _add(commands, "temperature", "are an SVM's probabilities right? before and after", "evidence.temperature")
    sub.add_argument("--split", default="validation", choices=("validation", "test"), help="the reviews of this split")
    _add_runs(sub)


def _linear(commands: Any) -> None:
    sub = _add(commands, "ladder", "majority, TF-IDF, SVM on [CLS] and on the mean, side by side", "linear.ladder")
    sub.add_argument("beside", nargs="?", default="", metavar="RUN", help="show the ladder of this run, train nothing")
    _add(commands, "learning-curve", "accuracy with 64, 256, 1,024 and all reviews", "linear.learning_curve")
    sub = _add(commands, "cross-validate", "accuracy per C on folds of the training reviews", "linear.cross_validate")
    sub.add_argument("run", help="a run of TF-IDF or of an SVM on frozen features")


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
    sub.add_argument(
        *spellings("shard_rows"),
        dest="shard_rows",
        type=int,
        default=10_000,
        metavar="N",
        help="rows per shard of IN OUT (default 10,000)",
    )
    sub.add_argument("--file", type=Path, help="a csv, tsv, jsonl or parquet file with a text column")
    sub.add_argument("--out", type=Path, help="where the file goes with its added columns (same format as --file)")
    sub.add_argument(*spellings("text_column"), dest="text_column", help="column that holds the text")
    _add_runs(sub)
    _report(commands)
    sub = _add(commands, "runs", "list, show, stop, resume, delete runs; export one to a file, import it", "use.runs")
    actions = ("list", "show", "stop", "resume", "delete", "export", "import")
    sub.add_argument("action", nargs="?", default="list", choices=actions)
    sub.add_argument("name", nargs="?", default="", help="the run; for import, the file")
    sub.add_argument("--yes", action="store_true", help="delete without asking")
    sub = _add(commands, "reproduce", "run a finished run again, and compare scores and weights", "train.reproduce")
    sub.add_argument("run", help="a finished run")
    _add(commands, "doctor", "what is installed, reachable and cached, and a smoke run", "doctor.doctor")


def _report(commands: Any) -> None:
    sub = _add(commands, "report", "write the lab report: HTML, Markdown, LaTeX tables, notebook, model cards",
               "report.report")  # fmt: skip
    sub.add_argument("report_runs", nargs="*", metavar="RUN", help="runs to tell of (default: every finished one)")
    sub.add_argument("--out", type=Path, default=Path("lab-report"), help="folder to write to (default lab-report)")
    formats = ("html", "markdown", "latex", "notebook", "cards")
    sub.add_argument("--formats", nargs="+", default=formats, choices=formats, help="which forms (default all)")
    push = "also upload the one named run, model and card, to the Hugging Face Hub (log in first)"
    sub.add_argument(*spellings("push_to_hub"), dest="push_to_hub", default="", metavar="OWNER/NAME", help=push)


def _add(commands: Any, name: str, help: str, target: str) -> argparse.ArgumentParser:
    """One sub-command: its knobs, `--output_dir`, `--json`, and the function that answers, imported when called."""
    sub: argparse.ArgumentParser = commands.add_parser(name, help=help, description=help[0].upper() + help[1:] + ".")
    if name in KNOBS:
        add_knobs(sub, KNOBS[name])
    sub.add_argument(*spellings("output_dir"), dest="output_dir", type=Path, default=runs_dir(),
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
        note(f"senti: {command} has no use for {', '.join(dropped)}")
    return out
