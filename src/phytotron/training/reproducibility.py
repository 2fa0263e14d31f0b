"""The same numbers on every run, whatever the number of cores."""

from __future__ import annotations

import random

import numpy as np
import torch


def make_deterministic(seed: int, threads: int) -> None:
    """Seed all generators and allow only deterministic algorithms.

    A sum over several threads is rounded differently for each number of threads. So the number
    of threads comes from the config and not from the machine: with fewer cores the same threads
    take turns. (Different families of processors may still round differently.)

    Args:
        seed: of the initial weights and everything that is not seeded per step.
        threads: CPU threads of each process inside one operation.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)
    torch.set_num_threads(threads)
    torch.use_deterministic_algorithms(True)


def step_seed(seed: int, step: int, rank: int) -> int:
    """The seed of one training step in one process, 64 bits, well mixed."""
    return int(np.random.SeedSequence([seed, step, rank]).generate_state(1, np.uint64)[0])
