"""What this machine computes with: device, number format, and how memory is kept between two batches."""

import ctypes
import functools
from typing import Any

from senti.errors import BadConfig

PRECISIONS = ("auto", "fp32", "bf16", "fp16")
BATCH_TOKENS = 2048  # on two cores anything from 1,024 to 8,192 is within a tenth of the best, which is here
GPU_BATCH_TOKENS = 65_536


@functools.cache
def device() -> str:
    """Where models go: the accelerator, if there is one."""
    import torch

    return str(torch.accelerator.current_accelerator() or "cpu") if torch.accelerator.is_available() else "cpu"


def resolve_precision(precision: str = "auto") -> str:
    """`auto` becomes bf16 where the processor or the GPU multiplies in it, else fp32. Raises BadConfig."""
    if precision not in PRECISIONS:
        raise BadConfig(f"precision is {precision!r}; choose one of {', '.join(PRECISIONS)}.")
    return _able() if precision == "auto" else precision


def settle(model: Any, precision: str) -> Any:
    """Put a model on this machine's device, its weights in the number format of a resolved precision."""
    import torch

    keep_freed_memory()
    dtypes = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
    return model.to(device(), dtypes[precision])


def batch_tokens() -> int:
    """How many tokens, padding included, go through a model at once."""
    return BATCH_TOKENS if device() == "cpu" else GPU_BATCH_TOKENS


@functools.cache
def keep_freed_memory() -> None:
    """Let glibc keep what a batch frees for the next one, in place of handing it back to the kernel each time.

    Every page handed back is cleared again on its next use; that took a quarter of the time of features and training.
    Other C libraries are left as they are.
    """
    trim_threshold, mmap_threshold = -1, -3  # from malloc.h
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return
    mallopt(mmap_threshold, 1 << 30)
    mallopt(trim_threshold, (1 << 31) - 1)


@functools.cache
def _able() -> str:
    import torch

    if device() != "cpu":
        return "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "fp32"
    able = torch.cpu.get_capabilities()
    return "bf16" if any(able.get(name) for name in ("amx_bf16", "avx512_bf16", "bf16")) else "fp32"
