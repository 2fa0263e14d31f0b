"""Which samples form which batch: pure functions of (seed, epoch, rank, world size).

Without state, an interrupted run can start again in the middle of an epoch, and the processes of a
distributed run agree on the order without communicating. Process `rank` of `world_size` takes every
`world_size`-th row of a global batch of `batch_size * world_size` rows: two processes with batches
of B see, step by step, the samples of one process with batches of 2 B.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

Rows = NDArray[np.int64]

# Number of global batches that are sorted by length together. A larger pool means less padding, but
# batches whose samples are more alike.
_POOL = 32


def training_batches(
    lengths: NDArray[np.int64],
    batch_size: int,
    *,
    seed: int,
    epoch: int,
    rank: int = 0,
    world_size: int = 1,
) -> list[Rows]:
    """The batches of one epoch for one process: shuffled, with samples of similar length together.

    All batches are full: the last one is filled up with the first samples of the epoch.

    Args:
        lengths: tokens of each sample, shape (samples,).
        batch_size: samples of a batch in each process.
        seed: the experiment's seed.
        epoch: counted from 0.
        rank: this process.
        world_size: processes that train together.

    Returns:
        Row numbers, each array of shape (batch_size,).
    """
    random = np.random.default_rng([seed, epoch])
    together = batch_size * world_size
    steps = -(-len(lengths) // together)
    order = np.resize(random.permutation(len(lengths)), steps * together)
    for start in range(0, len(order), _POOL * together):
        pool = order[start : start + _POOL * together]
        pool[:] = pool[np.argsort(lengths[pool], kind="stable")]
    batches = order.reshape(steps, together)[random.permutation(steps)]
    return list(batches[:, rank::world_size])


def evaluation_batches(
    lengths: NDArray[np.int64], batch_size: int, *, rank: int = 0, world_size: int = 1
) -> list[Rows]:
    """Every sample once, sorted by length, in batches of at most `batch_size`.

    Each process has the same number of batches, none of them empty unless there are fewer
    samples than processes.
    """
    steps = -(-len(lengths) // (batch_size * world_size))
    order = np.argsort(lengths, kind="stable")
    return np.array_split(order[rank::world_size], steps) if steps else []


class TrainingOrder(Sampler[Rows]):
    """`training_batches` as a sampler; training tells it where to begin."""

    def __init__(
        self,
        lengths: NDArray[np.int64],
        batch_size: int,
        *,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
    ) -> None:
        self.lengths = lengths
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.start_at(epoch=0, batch=0)

    def start_at(self, epoch: int, batch: int) -> None:
        """Let the next iterator begin after `batch` batches of an epoch."""
        self.epoch = epoch
        self.batch = batch

    def __len__(self) -> int:
        return -(-len(self.lengths) // (self.batch_size * self.world_size))

    def __iter__(self) -> Iterator[Rows]:
        batches = training_batches(
            self.lengths,
            self.batch_size,
            seed=self.seed,
            epoch=self.epoch,
            rank=self.rank,
            world_size=self.world_size,
        )
        return iter(batches[self.batch :])
