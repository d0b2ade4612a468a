"""The machine itself: how fast it multiplies matrices, and whether it is idle."""

import os
import platform
import time
from typing import Any

BUSY = 0.15  # share of the cores that others may use


def rates(size: int = 2048) -> dict[str, float]:
    """Billions of operations per second of a matrix product, by number format."""
    import torch

    out = {}
    for name, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        a, b = (torch.randn(size, size).to(dtype) for _ in range(2))
        times = []
        for _ in range(12):
            began = time.perf_counter()
            a @ b
            times.append(time.perf_counter() - began)
        out[name] = 2 * size**3 / min(times) / 1e9
    return out


def busy(seconds: float = 1.0) -> float:
    """The share of all cores that was in use over some time, this process asleep."""
    import psutil

    return float(psutil.cpu_percent(seconds)) / 100


def describe() -> dict[str, Any]:
    """What the figures were measured on."""
    import torch

    with open("/proc/cpuinfo") if os.path.exists("/proc/cpuinfo") else open(os.devnull) as file:
        names = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    able = [name for name, has in torch.cpu.get_capabilities().items() if has is True]
    return {"processor": names[0] if names else platform.processor(), "cores": os.cpu_count(),
            "threads": torch.get_num_threads(), "torch": torch.__version__, "able": able, "rates": rates()}  # fmt: skip
