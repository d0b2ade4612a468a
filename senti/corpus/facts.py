"""Facts about a corpus, as tables: sizes, balance, lengths, and the words that tell the classes apart."""

import re
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from senti.corpus.corpus import Corpus

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")


def split_sizes(corpus: Corpus) -> pd.DataFrame:
    """Rows per split: columns split, rows."""
    return pd.DataFrame({"split": list(corpus.rows), "rows": list(corpus.rows.values())})


def label_balance(corpus: Corpus) -> pd.DataFrame:
    """Rows per split and label: columns split, label (name), count, share (of its split)."""
    rows = [
        (split, name, int((frame["label"] == i).sum()), float((frame["label"] == i).mean()))
        for split, frame in corpus.splits.items()
        for i, name in enumerate(corpus.labels)
    ]
    return pd.DataFrame(rows, columns=["split", "label", "count", "share"])


def lengths(corpus: Corpus) -> pd.DataFrame:
    """The length of every text: columns split, label (name), words (separated by white space)."""
    frames = [
        pd.DataFrame(
            {
                "split": split,
                "label": [corpus.labels[label] for label in frame["label"]],
                "words": [len(text.split()) for text in frame["text"]],
            }
        )
        for split, frame in corpus.splits.items()
    ]
    return pd.concat(frames, ignore_index=True)


def token_lengths(texts: list[str], tokenizer: "PreTrainedTokenizerBase") -> np.ndarray:
    """Tokens per text (n,), with the special ones, before anything is cut."""
    if not texts:  # which the tokenizer cannot take
        return np.zeros(0, dtype=np.int64)
    encoded = tokenizer(list(texts), truncation=False, padding=False, verbose=False)
    return np.array([len(ids) for ids in encoded["input_ids"]], dtype=np.int64)


def truncation(lengths: np.ndarray, max_length: int) -> float:
    """The share of texts that lose their end at a given number of tokens."""
    return float((np.asarray(lengths) > max_length).mean()) if len(lengths) else 0.0


def telling_words(corpus: Corpus, n: int = 12) -> pd.DataFrame:
    """The words that mark each class in train: columns label (name), word, log_odds, count (in that class).

    log_odds is that of the word in the class against all other classes, in standard deviations: see `log_odds`.
    """
    words, counts = _word_counts(corpus)
    rows = []
    for i, name in enumerate(corpus.labels):
        scores = log_odds(counts[i], counts.sum(axis=0) - counts[i])
        best = [j for j in np.argsort(-scores, kind="stable")[:n] if scores[j] > 0]
        rows += [(name, words[j], float(scores[j]), int(counts[i, j])) for j in best]
    return pd.DataFrame(rows, columns=["label", "word", "log_odds", "count"])


def log_odds(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """How much more each word belongs here than there (words,), in standard deviations, from two arrays of counts.

    The z-score of the log-odds ratio with an informative Dirichlet prior, the counts of both taken together
    (Monroe, Colaresi and Quinn 2008, "Fightin' Words", equations 15, 20 and 22).
    """
    prior = here + there

    def logit(counts: np.ndarray) -> np.ndarray:
        seen = counts + prior
        return np.log(seen) - np.log(seen.sum() - seen)

    if len(prior) < 2:  # odds against no other word
        return np.zeros(len(prior))
    return (logit(here) - logit(there)) / np.sqrt(1 / (here + prior) + 1 / (there + prior))


def _word_counts(corpus: Corpus) -> tuple[list[str], np.ndarray]:
    """The words of train, sorted, and how often each class has each (classes, words)."""
    train = corpus.splits["train"]
    counters = [Counter[str]() for _ in corpus.labels]
    for text, label in zip(train["text"], train["label"], strict=True):
        counters[label].update(WORD.findall(text.lower()))
    words = sorted(set().union(*counters))
    return words, np.array([[counter[word] for word in words] for counter in counters], dtype=np.float64)
