"""What runs, reviews and knobs are called in a report: names for people, all different."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from senti.config import Config
from senti.corpus.sources import benchmark
from senti.evaluation.table import run_title
from senti.runs import Run


def names_of_data(data: Sequence[dict[str, Any]]) -> list[str]:
    """A name for people per set of reviews; where two are alike, with their sizes or checksums."""
    plain = []
    for each in data:
        known = benchmark(each["name"])
        plain.append(known.title if known else {"bundled": "The bundled reviews"}.get(each["name"], each["name"]))
    sizes = [f"{title} ({sum(each['rows'].values()):,} reviews)" for title, each in zip(plain, data, strict=True)]
    sums = [f"{title} ({each['checksum']})" for title, each in zip(plain, data, strict=True)]
    return [next((name[i] for name in (plain, sizes) if name.count(name[i]) == 1), sums[i]) for i in range(len(data))]


def titles_of(runs: Sequence[Run]) -> dict[str, str]:
    """A name for people per run: LoRA (rank 8). Where two would be alike, the knobs in which they differ, or names."""
    plain = {run.name: _words(run.config) for run in runs}
    out = {}
    for run in runs:
        head, known = plain[run.name]
        alike = [other for other in runs if plain[other.name] == plain[run.name]]
        more = _differing(run.config, [other.config for other in alike])
        unlike = {str(_differing(other.config, [each.config for each in alike])) for other in alike}
        more = more if len(unlike) == len(alike) else [run.name]
        brackets = ", ".join([*known, *(more if len(alike) > 1 else [])])
        out[run.name] = f"{head} ({brackets})" if brackets else head
    return out


def _words(config: Config) -> tuple[str, tuple[str, ...]]:
    head, *rest = run_title(config).split(", ")
    return head, tuple(rest)


def _differing(config: Config, others: Sequence[Config]) -> list[str]:
    """The knobs of a config that are not the same in all the others, in words."""
    if any(type(other) is not type(config) for other in others):
        return []
    names = [f for f in fields(config) if len({getattr(other, f.name) for other in others}) > 1]
    return [f"{inside(f.metadata['label'] or f.name)} {value_words(getattr(config, f.name))}" for f in names]


def value_words(value: Any) -> str:
    """A knob's value: 5e-05, yes, not set."""
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def inside(title: str) -> str:
    """A title within a sentence: `full fine-tuning`, but `LoRA`."""
    word = title.split()[0] if title else ""
    return title[:1].lower() + title[1:] if word[1:].islower() else title


def listed(items: Sequence[str]) -> str:
    """a, b and c."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else list(items))
