"""What a visitor has chosen to look at: one small frozen value per session, which every tab reads."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

from cachetools import LRUCache, cached
from gradio.utils import get_upload_folder

from senti.corpus import Corpus, in_cache, load_corpus, resolve_source
from senti.corpus.sources import is_path
from senti.encoder import KNOWN, Backbone, resolve_model
from senti.errors import BadData, MissingModel
from senti.limits import limits
from senti.signs import scrub

MOST_HELD = 2**30  # bytes of reviews kept in memory: thirty visitors' own files, or two or three that are huge
_reading = threading.Lock()  # the tabs of a page ask at once, and datasets must not prepare the same files twice


@dataclass(frozen=True)
class Choice:
    """Names as `load_corpus` and `resolve_model` take them."""

    dataset: str = "auto"
    model: str = "auto"
    text_column: str | None = None
    label_column: str | None = None


@dataclass(frozen=True)
class Source:
    """The reviews that a choice stands for here and now: what everything known about them can be cached by."""

    name: str
    text_column: str | None
    label_column: str | None
    written: int  # when the file was, in nanoseconds; 0 for what has a name

    @property
    def is_here(self) -> bool:
        """True if reading it needs no network."""
        return in_cache(self.name)


def chosen_source(choice: Choice) -> Source:
    """Where the reviews of a choice come from; reads and downloads nothing. Raises BadData."""
    name = resolve_source(checked_dataset(choice.dataset))[0]
    written = Path(name).stat().st_mtime_ns if is_path(name) and Path(name).exists() else 0
    return Source(name, choice.text_column, choice.label_column, written)


def read(source: Source) -> Corpus:
    """The reviews, kept in memory for the next visitor. Raises BadData."""
    with _reading:
        return _read(source)


def _bytes(corpus: Corpus) -> int:
    return sum(int(frame.memory_usage(deep=True).sum()) for frame in corpus.splits.values())


@cached(LRUCache[tuple[Source], Corpus](MOST_HELD, getsizeof=_bytes))
def _read(source: Source) -> Corpus:
    return load_corpus(source.name, text_column=source.text_column, label_column=source.label_column)


def chosen_model(choice: Choice) -> Backbone:
    """The backbone of a choice. Raises MissingModel."""
    return resolve_model(checked_model(choice.model))


def checked_dataset(name: str) -> str:
    """A dataset's name as typed by a visitor: known names, Hub ids and uploads, but no other file of this machine."""
    name = scrub(name or "").strip() or "auto"
    if is_path(name) and not Path(name).resolve().is_relative_to(Path(get_upload_folder()).resolve()):
        way = "upload the file instead, or use its folder from the terminal"
        raise BadData(f"{name[:100]} is a path on the server; {way}.")
    return name


def checked_model(name: str) -> str:
    """A model's name as typed by a visitor: known names and Hub ids, but no folder of this machine."""
    name = scrub(name or "").strip() or "auto"
    if name in KNOWN or name == "auto":
        return name
    if not limits().own_models:
        raise MissingModel(f"{name} is none of the models of this shared page; choose one of {', '.join(KNOWN)}.")
    if name.startswith((".", "/", "~", "\\")) or Path(name).is_absolute() or os.path.exists(name):
        raise MissingModel(f"{name[:100]} is a path on the server; choose a name or a Hub id such as owner/name.")
    return name
