"""Flags from the config dataclasses: every knob is declared once, there."""

import argparse
from dataclasses import MISSING, Field, fields
from typing import Any, TypeVar

from senti.config import Config
from senti.knob import value_type

C = TypeVar("C", bound=Config)
TRACKERS = ("wandb", "trackio")


def add_knobs(parser: argparse.ArgumentParser, cls: type[Config]) -> None:
    """One flag per knob of a config, in both spellings (`--batch-size`, `--batch_size`)."""
    for f in fields(cls):
        if f.name == "tracker":
            for name in TRACKERS:
                flag = spellings(f"use_{name}")
                parser.add_argument(*flag, dest="tracker", action="store_const", const=name, default=argparse.SUPPRESS,
                                    help=f"also log to {name} (pip install {name})")  # fmt: skip
        else:
            _add_knob(parser, cls, f)


def _add_knob(parser: argparse.ArgumentParser, cls: type[Config], f: "Field[Any]") -> None:
    meta, kind = f.metadata, value_type(cls, f.name)
    text = meta["help"] if f.default in (None, MISSING) else f"{meta['help']} (default {f.default})"
    common: dict[str, Any] = {"dest": f.name, "default": argparse.SUPPRESS, "help": text.replace("%", "%%")}
    if kind is bool:
        parser.add_argument(*spellings(f.name), action="store_true", **common)
    else:
        metavar = "{" + ",".join(meta["choices"]) + "}" if meta["choices"] else kind.__name__.upper()
        parser.add_argument(*spellings(f.name), type=kind, metavar=metavar, **common)


def spellings(name: str) -> list[str]:
    """`batch_size` as `--batch-size` and `--batch_size`."""
    return list(dict.fromkeys([f"--{name.replace('_', '-')}", f"--{name}"]))


def asked_cut(args: argparse.Namespace) -> dict[str, Any]:
    """The flags that say how texts are cut, as far as they are given; a run's reader else cuts as the run did."""
    return {name: getattr(args, name) for name in ("max_length", "truncation") if hasattr(args, name)}


def read_config(cls: type[C], args: argparse.Namespace) -> C:
    """The config that the given flags ask for. Raises BadConfig for a value out of bounds."""
    return cls(**{f.name: getattr(args, f.name) for f in fields(cls) if hasattr(args, f.name)})
