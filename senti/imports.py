"""How the heavy libraries are loaded: by one thread at a time, and with few looks for garbage on the way."""

import gc
import threading

# transformers and datasets load their parts on first use, and not safely from two threads at once
importing = threading.RLock()


def collect_rarely() -> None:
    """Let Python look for circular garbage a hundred times more seldom than it does by itself.

    torch, transformers and Gradio are 600,000 objects that stay; going through them again and again is a tenth of the
    time to load them.
    """
    gc.set_threshold(50_000, 20, 100)
