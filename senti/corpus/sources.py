"""The names reviews go by, and what each stands for."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from senti import hub
from senti.corpus.files import SUFFIXES


@dataclass(frozen=True)
class Benchmark:
    """A dataset of the Hub that senti knows: pinned, so that the same name is the same data everywhere.

    splits: those that carry labels and are read.  remark: what a reader should know besides.
    """

    hub_id: str
    revision: str
    title: str
    splits: tuple[str, ...] = ("train", "validation", "test")
    remark: str = ""


BENCHMARKS = {
    "rotten_tomatoes": Benchmark(
        "cornell-movie-review-data/rotten_tomatoes", "aa13bc287fa6fcab6daf52f0dfb9994269ffea28", "Rotten Tomatoes"
    ),
    "sst2": Benchmark(
        "stanfordnlp/sst2",
        "8d51e7e4887a4caaa95b3fbebbf53c0490b58bbb",
        "SST-2",
        splits=("train", "validation"),
        remark="The test split of SST-2 has no labels and is not used.",
    ),
    "imdb": Benchmark("stanfordnlp/imdb", "e6281661ce1c48d982bc483cf8a173c1bbeb5d31", "IMDb", splits=("train", "test")),
}

SOURCES: dict[str, str] = {
    "auto": "Rotten Tomatoes where it can be had, else the bundled reviews",
    "bundled": "short reviews that come with senti; no network needed",
    "rotten_tomatoes": "10,662 sentences from film reviews, two classes (Pang and Lee 2005)",
    "sst2": "about 68,000 phrases from film reviews, two classes (Socher et al. 2013)",
    "imdb": "50,000 whole film reviews, two classes (Maas et al. 2011)",
}

LONGEST_ID = 96  # characters, as the Hub has it
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*(:[\w.-]+)?", re.ASCII)


def resolve_source(name: str) -> tuple[str, str]:
    """What `auto` stands for here and now, and why; any other name stands for itself. Downloads nothing."""
    if name != "auto":
        return name, ""
    if in_cache("rotten_tomatoes"):
        return "rotten_tomatoes", "Rotten Tomatoes is already on this machine."
    if hub.online():
        return "rotten_tomatoes", "The Hub answers, so Rotten Tomatoes can be downloaded."
    why = "Rotten Tomatoes is not on this machine and the Hub did not answer, so the bundled reviews are used."
    return "bundled", why


def in_cache(name: str) -> bool:
    """True if a source can be loaded without a network."""
    from senti.corpus.download import cached_folder

    if name in ("auto", "bundled"):
        return True
    if is_path(name):
        return os.path.exists(os.path.expanduser(name))
    return is_hub_id(name) and cached_folder(name) is not None


def is_path(name: str) -> bool:
    """True if a name means a local file or folder: `owner/name` does not, even where such a folder exists."""
    if name in SOURCES:
        return False
    if name.startswith(("./", "../", ".\\", "..\\", "~", "/")) or name in (".", "..") or Path(name).is_absolute():
        return True
    if Path(name).suffix.lower() in SUFFIXES:
        return True
    return os.path.exists(name) and _HUB_ID.fullmatch(name) is None


def is_hub_id(name: str) -> bool:
    """True if a name is one of the known benchmarks, or is written like a Hub id: owner/name or owner/name:config."""
    written = _HUB_ID.fullmatch(name) is not None and ".." not in name and len(name) <= LONGEST_ID
    return name in BENCHMARKS or written


def benchmark(name: str) -> Benchmark | None:
    """The known benchmark of that name or Hub id."""
    known = {b.hub_id: b for b in BENCHMARKS.values()} | BENCHMARKS
    return known.get(name)
