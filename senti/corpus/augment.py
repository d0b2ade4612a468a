"""More training reviews from those there are: copies with a few words left out, swapped, inserted or replaced.

Easy data augmentation (Wei & Zou 2019, https://aclanthology.org/D19-1670/), with two departures: near words come from
whoever calls, in place of WordNet's synonyms; and every operation changes just SHARE of the words, at least one.

>>> variants("a tender and very funny film", "dropout", 2)
['a tender and funny film', 'a tender and very funny']
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from random import Random

import pandas as pd

Near = Mapping[str, Sequence[str]]  # a word in small letters to words near it
Words = list[str]
SHARE = 0.1
PLAIN_WORD = re.compile(r"(\W*)([^\W\d_]+)(\W*)")  # with the punctuation that clings to it
# words that hold a sentence together: never replaced, never inserted (negations among them: they turn the label)
STOP = frozenset(
    "a an the this that these those it its he him his she her they them their we us our you your i me my who whom "
    "whose which what where when why how and or but nor if then than so as of at by for with about against between "
    "into through during before after above below to from up down in out on off over under again once here there all "
    "any both each few more most other some such no not never only own same too very can will just should now is am "
    "are was were be been being have has had having do does did doing would could may might must shall because while "
    "until without".split()
)


def variants(text: str, how: str, n: int, seed: int = 0, row: int = 0, near: Near | None = None) -> list[str]:
    """At most `n` variants of a text, all different from it and from one another; the same ones each time.

    how: dropout, swap, insertion, synonym, or eda, which takes one of the four for each variant.  seed, row: what is
    drawn depends on these two.  near: insertion and synonym find nothing to do where it is empty.
    """
    draw, words = Random(f"{seed} {row}"), text.split()
    made = [_varied(words, how, draw, near or {}) for _ in range(n)]
    return list(dict.fromkeys(" ".join(each) for each in made if each != words))


def augmented(train: pd.DataFrame, how: str, factor: int, seed: int = 0, near: Near | None = None) -> pd.DataFrame:
    """The training reviews, then their variants, up to `factor` of each, with its label.

    A new column `origin` tells from which row each comes; the reviews themselves come from their own.
    """
    made = [variants(text, how, factor, seed, row, near) for row, text in enumerate(train["text"])]
    origins = [row for row, each in enumerate(made) for _ in each]
    more = train.iloc[origins].assign(text=[text for each in made for text in each], origin=origins)
    return pd.concat([train.assign(origin=range(len(train))), more], ignore_index=True)


def replaceable(texts: Iterable[str]) -> list[str]:
    """The different words of texts that may be replaced or inserted, in small letters, sorted."""
    return sorted({core for text in texts for word in text.split() if (core := _core(word))})


def changes(text: str, variant: str) -> list[tuple[str, str]]:
    """What a variant is made of: its words and those that are gone, in order, each with kept, added or removed."""
    old, new = text.split(), variant.split()
    out: list[tuple[str, str]] = []
    for kind, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            out += [(word, "kept") for word in new[k:m]]
        else:
            out += [(word, "removed") for word in old[i:j]] + [(word, "added") for word in new[k:m]]
    return out


def _varied(words: Words, how: str, draw: Random, near: Near) -> Words:
    operation = OPERATIONS[draw.choice(list(OPERATIONS)) if how == "eda" else how]
    return operation(list(words), max(1, round(SHARE * len(words))), draw, near)


def _dropout(words: Words, n: int, draw: Random, near: Near) -> Words:
    gone = set(draw.sample(range(len(words)), min(n, len(words) - 1))) if words else set()
    return [word for i, word in enumerate(words) if i not in gone]


def _swap(words: Words, n: int, draw: Random, near: Near) -> Words:
    for _ in range(n if len(words) > 1 else 0):
        i, j = draw.sample(range(len(words)), 2)
        words[i], words[j] = words[j], words[i]
    return words


def _insertion(words: Words, n: int, draw: Random, near: Near) -> Words:
    sources = [others for word in words if (others := _others(word, near))]
    for _ in range(n if sources else 0):
        words.insert(draw.randrange(len(words) + 1), draw.choice(draw.choice(sources)))
    return words


def _synonym(words: Words, n: int, draw: Random, near: Near) -> Words:
    places = [i for i, word in enumerate(words) if _others(word, near)]
    for i in draw.sample(places, min(n, len(places))):
        words[i] = _replaced(words[i], draw.choice(_others(words[i], near)))
    return words


OPERATIONS: dict[str, Callable[[Words, int, Random, Near], Words]] = {
    "dropout": _dropout, "swap": _swap, "insertion": _insertion, "synonym": _synonym,
}  # fmt: skip


KINDS = (*OPERATIONS, "eda")


def _core(word: str) -> str:
    """A word in small letters without the punctuation around it; empty for what may not be replaced."""
    found = PLAIN_WORD.fullmatch(word)
    core = found[2].lower() if found else ""
    return "" if core in STOP else core


def _others(word: str, near: Near) -> Words:
    """The words near to a word that may stand for it."""
    return [other for other in near.get(_core(word), ()) if other not in STOP]


def _replaced(word: str, other: str) -> str:
    """The other word in the place of this one: its punctuation stays, and its capital letter."""
    found = PLAIN_WORD.fullmatch(word)
    assert found
    before, old, after = found.groups()
    return before + (other.capitalize() if old[0].isupper() else other) + after
