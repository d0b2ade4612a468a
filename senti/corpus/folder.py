"""A folder with one file per split: train.csv, validation.csv (or valid, val, dev), test.csv."""

from pathlib import Path

import pandas as pd

from senti.corpus.corpus import SPLITS
from senti.corpus.files import SUFFIXES, read_table
from senti.corpus.table import Tables
from senti.errors import BadData

ALIASES = {"valid": "validation", "val": "validation", "dev": "validation", "training": "train"}


def read_folder(folder: Path) -> Tables:
    """The tables of a folder, by split. Raises BadData if there is no training file, or two files for one split."""
    files = split_files(folder)
    tables: dict[str, pd.DataFrame] = {}
    notices: tuple[str, ...] = ()
    for split, path in files.items():
        tables[split], said = read_table(path)
        notices += said
    return Tables(tables, notices)


def split_files(folder: Path) -> dict[str, Path]:
    """The file of each split in a folder, training first."""
    found: dict[str, Path] = {}
    for path in sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES):
        split = split_name(path.stem)
        if split in found:
            raise BadData(f"{folder.name} has two files for {split} ({found[split].name}, {path.name}); remove one.")
        if split:
            found[split] = path
    if "train" not in found:
        present = ", ".join(sorted(p.name for p in folder.iterdir())[:8]) or "nothing"
        raise BadData(
            f"{folder.name} has no training file (it holds {present}); add train.csv, or give one file "
            "with --dataset and it will be split."
        )
    return {split: found[split] for split in SPLITS if split in found}


def split_name(written: str) -> str:
    """The split a word stands for (`dev` is validation), or nothing."""
    word = written.strip().casefold()
    word = ALIASES.get(word, word)
    return word if word in SPLITS else ""
