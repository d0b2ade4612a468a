"""The same text twice: within train, leaked into validation or test, or under two labels. Reported, never removed."""

import unicodedata

import pandas as pd

from senti.corpus.table import count


def text_keys(texts: pd.Series) -> pd.Series:
    """Texts as they compare: NFKC, case folded, white space as one blank."""
    # as Python's strings, not Arrow's: sets and duplicates are looked up in a third of the time
    return pd.Series([_key(text) for text in texts.tolist()], index=texts.index, name=texts.name, dtype=object)


def duplicate_notices(splits: dict[str, pd.DataFrame]) -> tuple[str, ...]:
    """One sentence on each kind of duplicate that there is."""
    keys = {split: text_keys(frame["text"]) for split, frame in splits.items()}
    train = keys["train"]
    found = [(int(train.duplicated().sum()), "training row", "an earlier training text")]
    for split in ("validation", "test"):
        leaks = int(keys[split].isin(set(train)).sum())
        found.append((leaks, f"{split} row", "a training text, which flatters the score"))
    notices = [f"{count(n, noun)} {'repeats' if n == 1 else 'repeat'} {what}." for n, noun, what in found if n]
    conflicts = _conflicts(splits, keys)
    if conflicts:
        notices.append(f"{count(conflicts, 'text')} {'occurs' if conflicts == 1 else 'occur'} under different labels.")
    return tuple(notices)


def _conflicts(splits: dict[str, pd.DataFrame], keys: dict[str, pd.Series]) -> int:
    """The number of texts that occur with more than one label, anywhere."""
    pairs = pd.DataFrame(
        {
            "key": pd.concat([keys[split] for split in splits], ignore_index=True),
            "label": pd.concat([frame["label"] for frame in splits.values()], ignore_index=True),
        }
    ).drop_duplicates()
    return int((pairs["key"].value_counts() > 1).sum())


def _key(text: str) -> str:
    return " ".join((text if text.isascii() else unicodedata.normalize("NFKC", text)).casefold().split())
