"""What a run used: time per sentence, memory, device."""

import platform
import sys
import time
from collections.abc import Callable, Sequence

import numpy as np

from senti.processes import world


def latency(probabilities: Callable[[Sequence[str]], np.ndarray], texts: list[str]) -> float:
    """Median milliseconds of one sentence on its own, as an app would ask."""
    times = []
    for text in texts:
        began = time.perf_counter()
        probabilities([text])
        times.append(time.perf_counter() - began)
    return float(np.median(times) * 1000)


def peak_memory() -> float | None:
    """The most memory this process held at once, in MB; on a GPU, of the GPU. None where the system does not say."""
    torch = sys.modules.get("torch")
    if torch and torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**20
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def device() -> str:
    """What it ran on, for people."""
    torch = sys.modules.get("torch")
    name = torch.cuda.get_device_name() if torch and torch.cuda.is_available() else f"CPU, {platform.machine()}"
    return f"{name}, {world()} processes" if world() > 1 else name
