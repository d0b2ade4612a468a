"""Where reviews come from: the bundled sample, the Hub, files and folders of one's own; and facts about them.

read -> columns -> clean -> labels -> check -> carve -> Corpus

>>> load_corpus("bundled").labels
('negative', 'positive')
"""

from senti.corpus.columns import find_text_column
from senti.corpus.corpus import Corpus
from senti.corpus.facts import label_balance, lengths, split_sizes, telling_words, token_lengths, truncation
from senti.corpus.files import read_table
from senti.corpus.load import load_corpus
from senti.corpus.pieces import read_pieces, table_files
from senti.corpus.sources import SOURCES, in_cache, resolve_source

__all__ = [
    "SOURCES",
    "Corpus",
    "find_text_column",
    "in_cache",
    "label_balance",
    "lengths",
    "load_corpus",
    "read_pieces",
    "read_table",
    "resolve_source",
    "split_sizes",
    "table_files",
    "telling_words",
    "token_lengths",
    "truncation",
]
