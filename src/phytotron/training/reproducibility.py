"""The same results on every run, whatever the number of cores."""

from __future__ import annotations

import hashlib
import random

import numpy as np
import torch
from threadpoolctl import threadpool_limits


def make_deterministic(seed: int, threads: int) -> None:
    """Seed all generators and allow only deterministic algorithms.

    A sum over several threads is rounded differently for each number of threads. So the number of
    threads comes from the config and not from the machine; on fewer cores the same threads take
    turns. Different families of processors may still round differently.

    Args:
        seed: of the initial weights, and of all randomness that is not seeded for each step.
        threads: CPU threads of each process inside one operation.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    threadpool_limits(threads)  # of NumPy's and scikit-learn's libraries
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)
    # Torch would fill all new memory with NaN to reveal reads of it before it is written. No code
    # here does that, and it costs time.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
    # Processors are slow with denormal numbers (below 1e-38), which the moments of an optimizer
    # become.
    torch.set_flush_denormal(True)


def step_seed(seed: int, step: int, rank: int) -> int:
    """The seed of one step in one process: 64 bits of a hash."""
    return _mixed("step", seed, step, rank)


def seed_step(seed: int, step: int, rank: int) -> None:
    """Make torch's randomness in a training step a pure function of (seed, step, rank)."""
    _seed_torch(step_seed(seed, step, rank))


def seed_evaluation(seed: int, batch: int, rank: int) -> None:
    """Make torch's randomness in a batch of a validation a pure function of (seed, batch, rank).

    Every validation draws the same numbers.
    """
    _seed_torch(_mixed("validation", seed, batch, rank))


def _mixed(*parts: str | int) -> int:
    digest = hashlib.blake2b(repr(parts).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little")


def _seed_torch(seed: int) -> None:
    # `torch.manual_seed` looks for every kind of device first, which takes as long as a small step.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():
        torch.cuda.manual_seed(seed)
