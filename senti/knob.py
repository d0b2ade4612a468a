"""A knob: a dataclass field with its help and its bounds, and the check of a value against them."""

import functools
import math
from dataclasses import field
from typing import Any, Union, get_args, get_origin, get_type_hints

from senti.errors import BadConfig


def knob(
    default: Any,
    help: str,
    *,
    min: float | None = None,
    max: float | None = None,
    choices: tuple[str, ...] = (),
    basic: bool = False,
    label: str = "",
    late: bool = False,
) -> Any:
    """Declare one knob: its default, its one-line help, its bounds, and if the short form shows it.

    late: it came after runs had been kept, and its default is what those did: config.json leaves the default out.
    """
    metadata = {"help": help, "min": min, "max": max, "choices": choices, "basic": basic, "label": label, "late": late}
    return field(default=default, metadata=metadata)


def value_type(cls: type, name: str) -> type:
    """The type of a knob without its `| None`."""
    hint = _hints(cls)[name]
    if get_origin(hint) is None:
        return hint
    assert get_origin(hint) is Union or str(get_origin(hint)).endswith("UnionType'>"), hint
    return next(arg for arg in get_args(hint) if arg is not type(None))


@functools.cache
def _hints(cls: type) -> dict[str, Any]:
    """The types of a class's fields; every config that is made asks for all of its own."""
    return get_type_hints(cls)


def check(name: str, value: Any, kind: type, meta: Any) -> None:
    """Raises BadConfig where a value is not of its knob's type, choices or bounds."""
    if value is None:
        return
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadConfig(f"{name} is {value!r}; it must be {_KINDS[kind]}.")
    if meta["choices"] and value not in meta["choices"]:
        raise BadConfig(f"{name} is {value!r}; choose one of {', '.join(meta['choices'])}.")
    if kind in (int, float):
        low, high = meta["min"], meta["max"]
        assert isinstance(value, int | float)
        if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
            bounds = f"at least {low:g}" if high is None else f"between {low:g} and {high:g}"
            raise BadConfig(f"{name} is {value}; it must be {bounds}.")


_KINDS = {int: "a whole number", float: "a number", str: "a text", bool: "true or false"}
