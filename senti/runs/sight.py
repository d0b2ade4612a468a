"""Which runs whoever asks may know of: all of them, unless an answer is given within `seen_by`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_allowed: ContextVar[Callable[[Any], bool]] = ContextVar("allowed")


@contextmanager
def seen_by(allowed: Callable[[Any], bool]) -> Iterator[None]:
    """In here no run is listed or opened that is not `allowed`: it is as if it were not there."""
    token = _allowed.set(allowed)
    try:
        yield
    finally:
        _allowed.reset(token)


def is_seen(run: Any) -> bool:
    """True if whoever asks may know of a run."""
    return _allowed.get(lambda run: True)(run)
