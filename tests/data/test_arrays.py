"""Arrays as whole batches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch

from phytotron.data.arrays import ArrayDataModule
from phytotron.errors import UserError

SAMPLES = 50


def numbered(first: int, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs of shape (samples, 1, 2) that say which sample they are, and targets of 5 classes."""
    number = np.arange(first, first + samples)
    return np.stack([number, number], axis=1).astype(np.float32)[:, None], number % 5


def module(seed=0, batch_size=8, validation=10, **more):
    return ArrayDataModule(
        numbered(0, SAMPLES),
        numbered(1000, 20),
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        **more,
    )


def seen(loader) -> list[list[int]]:
    return [batch.inputs[:, 0, 0].int().tolist() for batch in loader]


def flat(batches: list[list[int]]) -> list[int]:
    return [number for batch in batches for number in batch]


def test_its_dimensions_are_those_that_a_network_needs():
    data = module()
    assert data.dimensions == {"input_shape": (1, 2), "num_classes": 5}
    assert data.class_counts.tolist() == np.bincount(data.train.targets, minlength=5).tolist()
    assert sum(data.class_counts) == 40


def test_a_batch_holds_samples_with_their_targets():
    for loader in (module().train_dataloader(), module().test_dataloader()):
        for inputs, targets in loader:
            assert (inputs[:, 0, 0].long() % 5 == targets).all()


def test_validation_is_split_from_train_by_the_seed_alone():
    one, same, other = module(), module(batch_size=4), module(seed=1)
    held_out = sorted(flat(seen(one.val_dataloader())))
    assert len(held_out) == 10
    assert held_out == sorted(flat(seen(same.val_dataloader())))
    assert held_out != sorted(flat(seen(other.val_dataloader())))
    trained_on = set(flat(seen(one.train_dataloader())))
    assert trained_on == set(range(SAMPLES)) - set(held_out)


def test_every_test_sample_comes_once():
    loader = module(evaluation_batch_size=8).test_dataloader()
    assert sorted(flat(seen(loader))) == list(range(1000, 1020))
    assert all(len(batch) <= 8 for batch in seen(loader))


def test_training_batches_are_full_and_begin_anywhere():
    loader = module(batch_size=12).train_dataloader()  # 40 samples: the fourth is filled up
    first = seen(loader)
    assert [len(batch) for batch in first] == [12, 12, 12, 12] == [12] * len(loader)
    loader.start_at(epoch=1, batch=0)
    second = seen(loader)
    assert second != first
    loader.start_at(epoch=1, batch=2)
    assert seen(loader) == second[2:]


def test_two_processes_share_each_batch():
    class Trainer:
        world_size = 2

        def __init__(self, rank):
            self.global_rank = rank

    halves = []
    for rank in (0, 1):
        half = module(batch_size=4)
        half.trainer = Trainer(rank)
        halves.append(seen(half.train_dataloader()))
    whole = seen(module(batch_size=8).train_dataloader())
    assert [sorted(a + b) for a, b in zip(*halves, strict=True)] == [sorted(b) for b in whole]


class Pairs(NamedTuple):
    """Samples of another kind."""

    first: torch.Tensor
    second: torch.Tensor
    third: torch.Tensor


def pairs(samples: int) -> Pairs:
    number = torch.arange(samples)
    return Pairs(number, number[:, None] * torch.ones(1, 3), number.bool())


def test_a_batch_has_the_class_of_its_split():
    data = ArrayDataModule(
        pairs(20), pairs(5), batch_size=4, validation=6, seed=0, dimensions={"vocabulary": 20}
    )
    assert data.dimensions == {"vocabulary": 20}
    assert data.class_counts is None
    for loader in (data.train_dataloader(), data.val_dataloader(), data.test_dataloader()):
        for batch in loader:
            assert isinstance(batch, Pairs)
            assert (batch.second == batch.first[:, None]).all()


def test_real_numbers_as_targets_are_outputs():
    targets = np.zeros((8, 3), np.float32)
    data = ArrayDataModule((np.zeros((8, 2), np.float32), targets), batch_size=None, seed=0)
    assert data.dimensions == {"input_shape": (2,), "num_outputs": 3}
    assert data.class_counts is None


def test_given_dimensions_win_over_derived_ones():
    data = ArrayDataModule(numbered(0, 3), batch_size=2, seed=0, dimensions={"num_classes": 5})
    assert data.dimensions == {"input_shape": (1, 2), "num_classes": 5}
    assert data.class_counts.tolist() == [1, 1, 1, 0, 0]


def test_validation_and_test_may_be_missing():
    data = ArrayDataModule(numbered(0, SAMPLES), batch_size=8, seed=0)
    assert data.validation is None
    assert data.test is None
    assert (data.val_dataloader(), data.test_dataloader()) == ([], [])
    assert len(data.train.targets) == SAMPLES


def test_a_batch_without_a_size_is_the_whole_split():
    data = module(batch_size=None)
    (batch,) = seen(data.train_dataloader())
    assert sorted(batch) == sorted(data.train.inputs[:, 0, 0].int().tolist())


def test_standardising_uses_the_training_samples_alone():
    data = module(standardise=True)
    plain = module()
    mean = plain.train.inputs.mean(0)
    deviation = plain.train.inputs.std(0, correction=0)
    for name in ("train", "validation", "test"):
        expected = (getattr(plain, name).inputs - mean) / deviation
        assert torch.allclose(getattr(data, name).inputs, expected)


def test_a_value_that_never_changes_is_standardised_to_zero():
    inputs = np.full((6, 1), 7, np.float32)
    data = ArrayDataModule((inputs, np.arange(6)), batch_size=2, seed=0, standardise=True)
    assert (data.train.inputs == 0).all()


@pytest.mark.parametrize("validation", [-1, SAMPLES])
def test_a_split_without_samples_is_refused(validation):
    with pytest.raises(UserError, match=r"data\.validation"):
        module(validation=validation)
