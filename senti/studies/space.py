"""What a sweep may vary: knobs of a method's config, each a list of values or a range, as a person types them."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from senti.config import Config, method_name
from senti.errors import BadConfig
from senti.knob import check, value_type

SWEPT = ("tfidf", "svm", "finetune", "lora")  # methods that have anything to choose
FIXED = ("dataset", "text_column", "label_column", "subset", "seed", "tracker", "model")
DIGITS = 4  # of a value from a range: as many as a command line repeats exactly
HOW = "write C=0.01,0.1,1 or lr=1e-5..1e-3:log"


@dataclass(frozen=True)
class Axis:
    """One knob and what it may be: one of `values`, or where there are none anything from low to high."""

    knob: str
    values: tuple[Any, ...] = ()
    low: float = 0
    high: float = 0
    log: bool = False
    whole: bool = False

    @property
    def text(self) -> str:
        """As `parse` reads it."""
        if self.values:
            return f"{self.knob}={','.join(_said(value) for value in self.values)}"
        return f"{self.knob}={_said(self.low)}..{_said(self.high)}{':log' if self.log else ''}"

    @property
    def points(self) -> tuple[Any, ...]:
        """Every value, for a grid. Raises BadConfig where there is no end of them."""
        if self.values:
            return self.values
        if not self.whole or self.log:
            raise BadConfig(f"A grid needs the values of {self.knob} one by one; write {self.knob}=VALUE,VALUE.")
        return tuple(range(int(self.low), int(self.high) + 1))

    def suggest(self, trial: Any) -> Any:
        """The value that an Optuna trial takes; of a range with few digits, so that it can be typed again."""
        if self.values:
            return trial.suggest_categorical(self.knob, self.values)
        if self.whole:
            return trial.suggest_int(self.knob, int(self.low), int(self.high), log=self.log)
        return self.rounded(trial.suggest_float(self.knob, self.low, self.high, log=self.log))

    def rounded(self, value: Any) -> Any:
        """A value that Optuna keeps, as the run has it."""
        if self.values or self.whole:
            return value
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


def parse_space(config: Config, texts: Sequence[str]) -> tuple[Axis, ...]:
    """`knob=value,value` or `knob=low..high`, with `:log` for equal steps of its logarithm, one text per knob.

    Raises BadConfig, naming the text, for a knob that the method lacks and for a value that it cannot have.
    """
    axes = [_axis(config, text) for text in texts]
    names = [axis.knob for axis in axes]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadConfig(f"{twice[0]} is given twice; give all its values at once.")
    if not axes:
        raise BadConfig(f"A sweep needs at least one knob to vary; {HOW}.")
    return tuple(axes)


def grid_points(space: Sequence[Axis]) -> list[dict[str, Any]]:
    """All combinations of the values, the last knob changing fastest. Raises BadConfig for a range without steps."""
    return [dict(zip((axis.knob for axis in space), point, strict=True))
            for point in itertools.product(*(axis.points for axis in space))]  # fmt: skip


def sweepable(config: Config) -> list[str]:
    """The knobs of a method that a sweep may vary."""
    return [f.name for f in fields(config) if f.name not in FIXED]


def _axis(config: Config, text: str) -> Axis:
    name, _, wanted = (part.strip() for part in text.partition("="))
    name = name.replace("-", "_")
    if name in FIXED:
        raise BadConfig(f"{name} cannot be swept: a sweep stays with its reviews, model and seeds; give it as a flag.")
    if name not in sweepable(config):
        known = ", ".join(sweepable(config))
        raise BadConfig(f"{name!r} is no knob of {method_name(config)}; it has {known}.")
    if not wanted:
        raise BadConfig(f"{text!r} gives {name} nothing to be; {HOW}.")
    kind = value_type(type(config), name)
    if ".." in wanted and kind in (int, float):
        return _range(config, name, kind, wanted)
    values = tuple(dict.fromkeys(_value(config, name, kind, word.strip()) for word in wanted.split(",")))
    return Axis(name, values)


def _range(config: Config, name: str, kind: type, wanted: str) -> Axis:
    ends, _, how = wanted.partition(":")
    low, high = (_value(config, name, kind, word.strip()) for word in ends.split("..", 1))
    if how not in ("", "log"):
        raise BadConfig(f"{name} ends in {how!r}; a range may end in :log or in nothing.")
    if low >= high:
        raise BadConfig(f"{name} goes from {_said(low)} to {_said(high)}; begin with the smaller.")
    if how and low <= 0:
        raise BadConfig(f"{name} begins at {_said(low)}, which has no logarithm; begin above 0 or leave out :log.")
    return Axis(name, low=low, high=high, log=bool(how), whole=kind is int)


def _value(config: Config, name: str, kind: type, word: str) -> Any:
    """A typed word as a value of its knob. Raises BadConfig where it is none, or out of bounds."""
    meta = next(f for f in fields(config) if f.name == name).metadata
    value: Any = word
    if kind is bool:
        value = {"true": True, "false": False}.get(word.lower(), word)
    elif kind in (int, float):
        try:
            value = kind(word)
        except ValueError:
            value = word
    check(name, value, kind, meta)
    return value


def _said(value: Any) -> str:
    short = f"{value:g}" if isinstance(value, float) else str(value)
    return short if not isinstance(value, float) or float(short) == value else repr(value)
