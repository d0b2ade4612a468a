"""Labels as they are written become class numbers 0..k-1 with names."""

import pandas as pd

from senti.corpus.grades import ordered
from senti.corpus.table import shorten

_SPELLED_OUT = {"neg": "negative", "neu": "neutral", "pos": "positive"}
_POLARITY = ("negative", "positive")


def number_labels(
    splits: dict[str, pd.DataFrame], class_names: tuple[str, ...] | None
) -> tuple[dict[str, pd.DataFrame], tuple[str, ...], tuple[str, ...]]:
    """The same splits with labels 0..k-1, the name of each class, and notices on any mapping that is not plain.

    class_names: what the numbers in the label column stand for, where the source says so.
    """
    splits, notices = _one_spelling(splits)
    written = in_order({label for frame in splits.values() for label in frame["label"]})
    names, said = _names(written, class_names)
    index = {label: i for i, label in enumerate(written)}
    numbered = {split: frame.assign(label=frame["label"].map(index).astype("int64")) for split, frame in splits.items()}
    return numbered, names, notices + said


def in_order(labels: set[str]) -> list[str]:
    """Labels sorted as numbers if all are; else as grades, the worst first; else as words, whatever their case."""
    if all(_is_number(label) for label in labels):
        return sorted(labels, key=float)
    return ordered(sorted(labels, key=lambda label: (label.casefold(), label)))


def _names(written: list[str], class_names: tuple[str, ...] | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    plain = [str(i) for i in range(len(written))]
    if class_names and all(label.isdecimal() and int(label) < len(class_names) for label in written):
        names = [class_names[int(label)] for label in written]
        missing = [name for name in class_names if name not in names]
        said = f"No row has the label {', '.join(map(shorten, missing))}." if missing else ""
        return tuple(_SPELLED_OUT.get(name.casefold(), name) for name in names), (said,) if said else ()
    if written == ["0", "1"]:
        return _POLARITY, ()
    if written == ["-1", "1"]:
        return _POLARITY, ("The labels -1 and 1 are read as negative and positive.",)
    if written != plain and all(_is_number(label) for label in written):
        mapping = ", ".join(f"{label} is class {i}" for i, label in enumerate(written[:10]))
        return tuple(written), (f"The labels are numbered from 0: {mapping}{', ...' if len(written) > 10 else ''}.",)
    return tuple(_SPELLED_OUT.get(label.casefold(), label) for label in written), ()


def _one_spelling(splits: dict[str, pd.DataFrame]) -> tuple[dict[str, pd.DataFrame], tuple[str, ...]]:
    """`Pos`, `POS` and `pos` become the most frequent of them, `1.0` becomes `1`; the former is said."""
    counts = pd.concat([frame["label"] for frame in splits.values()]).value_counts()
    groups: dict[str, list[str]] = {}
    for label in sorted(counts.index, key=lambda label: (-counts[label], label)):
        groups.setdefault(_key(label), []).append(label)
    spelling = {label: key if _is_number(key) else group[0] for key, group in groups.items() for label in group}
    merged = [group for key, group in groups.items() if len(group) > 1 and not _is_number(key)]
    notices = tuple(f"The labels {', '.join(map(shorten, g))} are read as one: {shorten(g[0])}." for g in merged)
    return {split: frame.assign(label=frame["label"].map(spelling)) for split, frame in splits.items()}, notices


def _key(label: str) -> str:
    if _is_number(label):
        value = float(label)
        return str(int(value)) if value.is_integer() else str(value)
    return label.casefold()


def _is_number(label: str) -> bool:
    """True for the written form of a finite number; not for 'nan' or 'infinity', which are words."""
    if not any(character.isdigit() for character in label):
        return False
    try:
        return float(label) - float(label) == 0
    except ValueError:
        return False
