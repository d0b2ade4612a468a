"""How the heavy libraries are loaded: by one thread at a time, and with few looks for garbage on the way."""

import contextlib
import gc
import inspect
import threading
from collections.abc import Iterator
from typing import Any

# transformers and datasets load their parts on first use, and not safely from two threads at once
importing = threading.RLock()


def collect_rarely() -> None:
    """Let Python look for circular garbage a hundred times more seldom than it does by itself.

    torch, transformers and Gradio are 600,000 objects that stay; going through them again and again is a tenth of the
    time to load them.
    """
    gc.set_threshold(50_000, 20, 100)


@contextlib.contextmanager
def without_stubs() -> Iterator[None]:
    """Load Gradio in half the time: it parses each of its components to write a stub for editors beside it.

    It leaves that for a class whose file is unknown, as those of its own are in here.
    """
    found = inspect.getfile

    def unknown(thing: Any) -> str:
        if isinstance(thing, type) and thing.__module__.startswith("gradio."):
            raise OSError("no file")
        return found(thing)

    inspect.getfile = unknown  # type: ignore[assignment]
    try:
        yield
    finally:
        inspect.getfile = found
