"""From a name to a corpus: read, find the columns, clean, number the labels, check, carve what is missing."""

import os
from pathlib import Path

import pandas as pd

from senti.corpus.checks import check_labels, check_splits
from senti.corpus.clean import clean_rows
from senti.corpus.columns import choose_columns
from senti.corpus.corpus import Corpus
from senti.corpus.download import read_hub
from senti.corpus.duplicates import duplicate_notices
from senti.corpus.files import read_table
from senti.corpus.folder import read_folder, split_name
from senti.corpus.labels import number_labels
from senti.corpus.sources import SOURCES, is_hub_id, is_path, resolve_source
from senti.corpus.splits import carve, honour_split_column, sample
from senti.corpus.table import Tables, count, shorten
from senti.errors import BadData

BUNDLED = Path(__file__).parent / "samples" / "reviews.csv"


def load_corpus(
    name: str = "auto",
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    subset: int | None = None,
    seed: int = 0,
) -> Corpus:
    """The corpus of a name (see SOURCES), a Hub id, or a local file or folder.

    text_column, label_column: where they are not found by name.  subset: at most so many rows per split, stratified.
    seed: of carving and sampling.  Raises BadData, with the way out, if there is nothing to train on.
    """
    resolved, why = resolve_source(name)
    tables, source = _read(resolved)
    splits, labels, notices = _prepare(tables, text_column, label_column)
    check_splits(splits, labels)
    splits, said = carve(splits, seed)
    splits, drawn = _subset(splits, subset, len(labels), seed)
    notices += said + drawn + duplicate_notices(splits)
    splits = {split: frame.reset_index(drop=True) for split, frame in splits.items()}
    return Corpus(_short_name(resolved), splits, labels, source, why, notices)


def _read(name: str) -> tuple[Tables, str]:
    """The tables behind a resolved name, and one line on where they came from."""
    if name == "bundled":
        frame, notices = read_table(BUNDLED)
        return _by_split(frame, notices), f"{len(frame):,} reviews that come with senti"
    if is_path(name):
        return _read_path(Path(os.path.expanduser(name)))
    if is_hub_id(name):
        tables, source = read_hub(name)
        return _labelled_splits(tables), source
    raise BadData(
        f"dataset is {shorten(name, 100)}; use one of {', '.join(SOURCES)}, a Hub id such as owner/name, or the path "
        "of a csv, tsv, jsonl, json or parquet file."
    )


def _read_path(path: Path) -> tuple[Tables, str]:
    if not os.path.exists(path):
        raise BadData(f"{str(path)[:200]} is not on this machine; check the path.")
    if path.is_dir():
        return read_folder(path), f"folder: {path.resolve().name}"
    frame, notices = read_table(path)
    return _by_split(frame, notices), f"file: {path.name}"


def _by_split(frame: pd.DataFrame, notices: tuple[str, ...]) -> Tables:
    return Tables(honour_split_column(frame), notices)


def _labelled_splits(tables: Tables) -> Tables:
    """Only train, validation and test, under these names; what else a repository holds is said."""
    splits = {split_name(split): frame for split, frame in tables.splits.items() if split_name(split)}
    others = [split for split in tables.splits if not split_name(split)]
    if "train" not in splits:
        raise BadData(f"the dataset has no train split, only {', '.join(tables.splits)}; pick another one.")
    notices = (f"Not used: the split {', '.join(others)}.",) if others else ()
    order = [split for split in ("train", "validation", "test") if split in splits]
    return Tables({split: splits[split] for split in order}, tables.notices + notices, tables.class_names)


def _prepare(
    tables: Tables, text_column: str | None, label_column: str | None
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...], tuple[str, ...]]:
    """Clean rows with numbered labels, per split; the names of the classes; notices."""
    text, label = choose_columns(tables.splits, text_column, label_column)
    names = tables.class_names.get(label)
    splits, notices = {}, list(tables.notices)
    for split, frame in tables.splits.items():
        where = f" of {split}" if len(tables.splits) > 1 else ""
        cleaned, said = clean_rows(frame, text, label, unlabelled=("-1",) if names else (), where=where)
        notices += said
        if len(cleaned) or split == "train":
            splits[split] = cleaned
    if splits["train"].empty:
        raise BadData(f"no training row has both a text in {text!r} and a label in {label!r}; fill these columns.")
    check_labels(splits, label)
    numbered, labels, said = number_labels(splits, names)
    return numbered, labels, (*notices, *said)


def _subset(
    splits: dict[str, pd.DataFrame], most: int | None, classes: int, seed: int
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    if most is None:
        return splits, ()
    if most < classes:
        raise BadData(f"subset is {most}, fewer than the {classes} classes; use at least {classes}.")
    drawn = {split: sample(frame, most, seed) for split, frame in splits.items()}
    kept = sum(map(len, drawn.values()))
    total = sum(map(len, splits.values()))
    if kept == total:
        return splits, ()
    return drawn, (f"A stratified sample of {kept:,} of {count(total, 'row')} is used, drawn with seed {seed}.",)


def _short_name(name: str) -> str:
    if is_path(name):
        path = Path(os.path.expanduser(name)).resolve()
        return path.name if path.is_dir() else path.stem
    return name if name in SOURCES else name.rpartition("/")[2]
