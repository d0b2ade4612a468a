"""The recipes of the panel «Other reviews»."""

from collections.abc import Sequence
from pathlib import Path

from senti.ui import recipe_parts as parts
from senti.ui.choice import Choice
from senti.ui.recipe import Recipe


def transfer(root: Path, other: Choice, runs: Sequence[str]) -> Recipe:
    """What the runs lose on other reviews."""
    lines = f"""
from pathlib import Path
from senti.corpus import load_corpus
from senti.evaluation.transfer import transfer
from senti.runs import open_run

runs = [open_run({parts.root(root)}, name) for name in {list(runs)!r}]
result = transfer(runs, {parts.corpus(other)}).to_dict("records")"""
    return parts.recipe(("transfer", *runs, *_other(other), *parts.folder(root)), lines, "runs")


def adaptation(choice: Choice, other: Choice) -> Recipe:
    """The repair curve."""
    lines = f"""
from senti.config import SvmConfig, TfidfConfig
from senti.corpus import load_corpus
from senti.evaluation.adaptation import adaptation

home, other = {parts.corpus(choice)}, {parts.corpus(other)}
methods = [TfidfConfig(), SvmConfig(model={choice.model!r}, pooling="mean")]
result = adaptation(home, other, methods).to_dict("records")"""
    return parts.recipe(("adapt", *parts.whose(choice), *_other(other)), lines, "repair")


def shifting_words(choice: Choice, other: Choice) -> Recipe:
    """The words that weigh otherwise."""
    lines = f"""
from senti.corpus import load_corpus
from senti.evaluation.shifting_words import shifting_words

result = shifting_words({parts.corpus(choice)}, {parts.corpus(other)}).to_dict("records")"""
    mine = parts.whose(Choice(choice.dataset, "auto", choice.text_column, choice.label_column))
    return parts.recipe(("shifting-words", *mine, *_other(other)), lines, "words")


def _other(other: Choice) -> tuple[str, ...]:
    """The flags that name the other reviews."""
    columns = (("--to-text-column", other.text_column), ("--to-label-column", other.label_column))
    return "--to", parts.dataset(other), *(word for flag, value in columns if value for word in (flag, value))
