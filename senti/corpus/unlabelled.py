"""Texts without labels, of a data set or a file, for whoever gives them labels of its own."""

from pathlib import Path

import pandas as pd

from senti.corpus.columns import find_text_column
from senti.corpus.corpus import Corpus
from senti.corpus.duplicates import text_keys
from senti.corpus.files import SUFFIXES, read_table
from senti.corpus.load import load_corpus
from senti.corpus.sources import resolve_source
from senti.errors import BadData

MOST_TIMES = 4  # texts for each training review


def unlabelled_texts(name: str, corpus: Corpus) -> list[str]:
    """Texts of a file with a text column, or the training texts of a data set, that are no reviews of `corpus`.

    At most MOST_TIMES as many as it has training reviews, the first ones. Raises BadData where none is left.
    """
    resolved = resolve_source(name)[0]
    if Path(resolved).suffix.lower() in SUFFIXES:
        frame, _ = read_table(Path(resolved))
        texts = frame[find_text_column(frame)]
    else:
        texts = load_corpus(name).splits["train"]["text"]
    keys, known = text_keys(texts), pd.concat([text_keys(frame["text"]) for frame in corpus.splits.values()])
    left = texts[(keys.str.strip() != "") & ~keys.duplicated() & ~keys.isin(set(known))]
    if left.empty:
        raise BadData(f"{name[:100]} holds no text that {corpus.name} does not hold too; name other texts.")
    return list(left[: MOST_TIMES * corpus.rows["train"]])
