"""The same numbers on every run."""

import numpy as np
import pytest
import torch

from phytotron.training.reproducibility import make_deterministic, step_seed


def test_one_seed_gives_the_same_numbers_from_every_generator():
    draws = []
    for _ in range(2):
        make_deterministic(5, threads=1)
        draws.append((torch.rand(3).tolist(), np.random.rand(3).tolist()))
    assert draws[0] == draws[1]


def test_threads_come_from_the_argument_and_not_from_the_machine():
    for threads in (1, 3):
        make_deterministic(0, threads)
        assert torch.get_num_threads() == threads


def test_each_step_of_each_process_has_its_own_seed():
    seeds = {
        step_seed(seed, step, rank) for seed in range(5) for step in range(100) for rank in range(4)
    }
    assert len(seeds) == 5 * 100 * 4
    assert all(0 <= seed < 2**64 for seed in seeds)
    assert step_seed(1, 2, 3) == step_seed(1, 2, 3)


def test_numbers_too_small_for_the_processor_s_fast_way_are_zero():
    if not torch.set_flush_denormal(False):
        pytest.skip("this processor cannot")
    make_deterministic(0, threads=1)
    assert (torch.tensor([1e-30]) * 1e-10).item() == 0
