"""The order of the training texts: batches of like length, a pure function of seed, epoch and lengths.

So a resumed run goes on with just the batches that were left, which the stock `group_by_length` cannot: it draws from
the global random state.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

POOL = 50  # batches sorted by length together: enough to find company, few enough to mix well (as transformers does)


def order_by_length(lengths: Sequence[int], batch_size: int, seed: int, epoch: int) -> list[int]:
    """Places 0..n-1, once each, so that every `batch_size` in a row are of like length; a partial batch comes last."""
    draw = np.random.default_rng((seed, epoch))
    shuffled, pool = draw.permutation(len(lengths)), POOL * batch_size
    pools = [shuffled[start : start + pool] for start in range(0, len(shuffled), pool)]
    sizes = np.asarray(lengths)
    ordered = np.concatenate([each[np.argsort(-sizes[each], kind="stable")] for each in pools] or [shuffled])
    whole = len(ordered) // batch_size
    batches = ordered[: whole * batch_size].reshape(whole, batch_size)
    return [*map(int, draw.permutation(batches).ravel()), *map(int, ordered[whole * batch_size :])]


class LengthSampler(Sampler[int]):
    """`order_by_length` for a DataLoader, which tells the epoch."""

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = lengths, batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch the next iteration is."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        return iter(order_by_length(self.lengths, self.batch_size, self.seed, self.epoch))
