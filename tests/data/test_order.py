"""The order of the data: a pure function of (seed, epoch, rank, world size)."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from phytotron.data.order import TrainingOrder, evaluation_batches, training_batches

lengths = st.lists(st.integers(1, 100), min_size=1, max_size=300).map(np.array)


@given(lengths, st.integers(1, 16), st.integers(1, 4), st.integers(0, 3))
def test_an_epoch_has_every_sample_in_full_batches(lengths, batch_size, world_size, epoch):
    shares = [
        training_batches(lengths, batch_size, seed=0, epoch=epoch, rank=rank, world_size=world_size)
        for rank in range(world_size)
    ]
    together = np.concatenate([batch for share in shares for batch in share])
    assert {len(batch) for share in shares for batch in share} == {batch_size}
    counts = np.bincount(together, minlength=len(lengths))
    assert counts.min() >= 1
    assert len(together) - len(lengths) < batch_size * world_size


@given(lengths, st.integers(1, 8), st.integers(0, 3))
def test_two_processes_see_the_samples_of_one_with_twice_the_batch(lengths, batch_size, epoch):
    alone = training_batches(lengths, 2 * batch_size, seed=3, epoch=epoch)
    first, second = (
        training_batches(lengths, batch_size, seed=3, epoch=epoch, rank=rank, world_size=2)
        for rank in (0, 1)
    )
    assert len(alone) == len(first) == len(second)
    for whole, *halves in zip(alone, first, second, strict=True):
        assert sorted(whole) == sorted(np.concatenate(halves))


def test_the_order_depends_on_seed_and_epoch_alone():
    lengths = np.arange(1, 100)
    orders = [
        np.concatenate(training_batches(lengths, 4, seed=seed, epoch=epoch))
        for seed, epoch in [(0, 0), (0, 0), (0, 1), (1, 0)]
    ]
    assert (orders[0] == orders[1]).all()
    assert (orders[0] != orders[2]).any()
    assert (orders[0] != orders[3]).any()


def test_batches_hold_samples_of_similar_length():
    lengths = np.random.default_rng(0).integers(1, 100, 640)
    batches = training_batches(lengths, 20, seed=0, epoch=0)
    spread = np.mean([np.ptp(lengths[batch]) for batch in batches])
    assert spread < 10  # a random batch of 20 spreads over about 90


def test_batches_do_not_come_sorted_by_length():
    lengths = np.random.default_rng(0).integers(1, 100, 640)
    means = [lengths[batch].mean() for batch in training_batches(lengths, 20, seed=0, epoch=0)]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5


@given(lengths, st.integers(1, 16), st.integers(1, 4))
def test_evaluation_sees_every_sample_once_in_as_many_batches_everywhere(
    lengths, batch_size, world_size
):
    shares = [
        evaluation_batches(lengths, batch_size, rank=rank, world_size=world_size)
        for rank in range(world_size)
    ]
    assert len({len(share) for share in shares}) == 1
    together = np.concatenate([batch for share in shares for batch in share])
    assert sorted(together) == list(range(len(lengths)))
    assert all(len(batch) <= batch_size for share in shares for batch in share)


def test_no_sample_no_batch():
    assert evaluation_batches(np.array([], int), 4) == []


def test_the_sampler_starts_at_a_given_batch():
    lengths = np.arange(1, 50)
    order = TrainingOrder(lengths, 4, seed=7)
    expected = training_batches(lengths, 4, seed=7, epoch=2)
    for batch in (0, 1, 5, len(expected)):
        order.start_at(epoch=2, batch=batch)
        assert len(order) == len(expected)  # of a whole epoch, wherever it begins
        assert all((a == b).all() for a, b in zip(order, expected[batch:], strict=True))
