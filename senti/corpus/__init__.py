"""Where reviews come from: the bundled sample, the Hub, files and folders of one's own; and facts about them.

read -> columns -> clean -> labels -> check -> carve -> Corpus

>>> load_corpus("bundled").labels
('negative', 'positive')
"""

from senti.corpus.augment import augmented, changes, replaceable, variants
from senti.corpus.columns import find_text_column
from senti.corpus.corpus import Corpus
from senti.corpus.export import check_target, write_csv, write_table
from senti.corpus.facts import label_balance, lengths, split_sizes, telling_words, token_lengths, truncation
from senti.corpus.files import read_table
from senti.corpus.grades import grades, ordered
from senti.corpus.load import load_corpus
from senti.corpus.near import near_duplicates
from senti.corpus.pieces import read_pieces, table_files
from senti.corpus.slices import all_rows, combined, slices, split_slices
from senti.corpus.sources import SOURCES, in_cache, resolve_source
from senti.corpus.unlabelled import unlabelled_texts

__all__ = [
    "SOURCES",
    "Corpus",
    "all_rows",
    "augmented",
    "changes",
    "check_target",
    "combined",
    "find_text_column",
    "grades",
    "in_cache",
    "label_balance",
    "lengths",
    "load_corpus",
    "near_duplicates",
    "ordered",
    "read_pieces",
    "read_table",
    "replaceable",
    "resolve_source",
    "slices",
    "split_sizes",
    "split_slices",
    "table_files",
    "telling_words",
    "token_lengths",
    "truncation",
    "unlabelled_texts",
    "variants",
    "write_csv",
    "write_table",
]
