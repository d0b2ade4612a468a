"""The words and lines that recipes are made of."""

from collections.abc import Sequence
from pathlib import Path

from senti.cache import runs_dir
from senti.corpus.sources import is_path
from senti.ui.choice import Choice
from senti.ui.recipe import Recipe


def recipe(words: Sequence[str], lines: str, key: str) -> Recipe:
    """A recipe of a command's words and Python lines; `key` as in Recipe."""
    return Recipe(tuple(words), lines.strip() + "\n", key)


def said(command: str, texts: Sequence[str], flags: Sequence[str]) -> tuple[str, ...]:
    """Texts first, as a person would; one that begins like a flag comes last, behind the sign that flags are over."""
    if any(text.startswith("-") for text in texts):
        return command, *flags, "--", *texts
    return command, *texts, *flags


def corpus(choice: Choice) -> str:
    """The Python that loads a visitor's reviews."""
    columns = [f", {name}={value!r}" for name, value in (("text_column", choice.text_column),
               ("label_column", choice.label_column)) if value]  # fmt: skip
    return f"load_corpus({dataset(choice)!r}{''.join(columns)})"


def dataset(choice: Choice) -> str:
    """A dataset's name; of an upload, the file's: its place on the server is nobody's business."""
    return Path(choice.dataset).name if is_path(choice.dataset) else choice.dataset


def whose(choice: Choice) -> tuple[str, ...]:
    """The flags that choose a visitor's reviews and model."""
    flags = (("--dataset", dataset(choice), "auto"), ("--text-column", choice.text_column, None),
             ("--label-column", choice.label_column, None))  # fmt: skip
    given = [(flag, value) for flag, value, usual in flags if value and value != usual]
    return *(word for pair in given for word in pair), *model(choice)


def model(choice: Choice) -> tuple[str, ...]:
    """The flag that chooses a visitor's model."""
    return () if choice.model == "auto" else ("--model", choice.model)


def runs(runs: Sequence[str]) -> tuple[str, ...]:
    """The flag that names runs."""
    return ("--runs", *runs) if runs else ()


def folder(root: Path) -> tuple[str, ...]:
    """The flag that names the folder of runs, where it is not the usual one."""
    return () if root == runs_dir() else ("--output-dir", str(root))


def root(root: Path) -> str:
    """The Python that names the folder of runs."""
    return f"Path({str(root)!r})"
