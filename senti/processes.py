"""One process of several: torchrun and `accelerate launch` start the same command many times and say which is which."""

import atexit
import datetime
import os
from typing import Any

from senti.errors import BadConfig

WAIT = datetime.timedelta(days=1)  # the first process may stand in the queue of runs


def rank() -> int:
    """Which process this is; the first, 0, is the one that writes and speaks."""
    return int(os.environ.get("RANK", "0"))


def world() -> int:
    """How many processes work together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def share_of(batch_size: int) -> int:
    """What each of several processes has of a batch. Raises BadConfig where they cannot share it evenly."""
    if batch_size % world():
        raise BadConfig(f"batch_size is {batch_size}; {world()} processes share it, so choose a multiple of {world()}.")
    return batch_size // world()


def tell(value: Any = None) -> Any:
    """What the first process says, in every one of them; all must ask."""
    if world() == 1:
        return value
    import torch
    from accelerate import PartialState

    joined = torch.distributed.is_initialized()
    state = PartialState(cpu=not torch.accelerator.is_available(), timeout=WAIT)  # joins them on first use
    if not joined:
        atexit.register(state.destroy_process_group)  # one that ends with its threads at work may be aborted
    said = [value]
    torch.distributed.broadcast_object_list(said)
    return said[0]
