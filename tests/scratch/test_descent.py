"""Gradient descent by itself: when it stops, and the noise of its batches."""

from __future__ import annotations

import pytest
import torch

from phytotron.scratch.descent import batch_descent, gradient_descent

pytestmark = [pytest.mark.usefixtures("exact"), pytest.mark.catalogue("D43", "D44")]

A = torch.tensor([2.0, -1.0], dtype=torch.float64)


def parabola(theta: torch.Tensor) -> torch.Tensor:
    """(θ − a)² + b."""
    return (theta - A).square().sum() + 7


def test_it_stops_when_the_gradient_is_short():
    end = gradient_descent(parabola, torch.zeros(2), lr=0.1, tolerance=1e-8)
    assert end.converged
    assert float((end.point - A).norm()) < 1e-8
    # The distance shrinks by 0.8 a step, the gradient is twice as long.
    expected = torch.tensor(1e-8 / (2 * float(A.norm()))).log() / torch.tensor(0.8).log()
    assert end.steps == int(expected.ceil())


def test_it_stops_when_its_steps_are_used_up():
    end = gradient_descent(parabola, torch.zeros(2))  # the default rate of 0.001
    assert (end.steps, end.converged) == (1000, False)
    torch.testing.assert_close(end.point, A * (1 - 0.998**1000))


def test_at_the_minimum_no_step_is_taken():
    start = A.clone()
    end = gradient_descent(parabola, start, lr=0.1)
    assert (end.steps, end.converged) == (0, True)


def test_the_start_stays_as_it_was():
    start = torch.zeros(2)
    gradient_descent(parabola, start, lr=0.1)
    assert not start.any()


def distances(theta: torch.Tensor, batch: torch.Tensor) -> torch.Tensor:
    return (batch - theta).square().mean()


SAMPLES = torch.randn(512, generator=torch.Generator().manual_seed(0))


def costs(batch_size: int | None, epochs: int) -> torch.Tensor:
    path = batch_descent(
        distances, torch.tensor(4.0), SAMPLES, batch_size=batch_size, lr=0.05, epochs=epochs
    )
    return torch.tensor([cost for _, cost in path])


def test_a_whole_batch_goes_down_the_true_cost():
    found = costs(None, 60)
    assert len(found) == 60
    assert bool((found.diff() < 0).all())


def test_the_noise_falls_with_the_size_of_the_batch():
    noise = [float(costs(size, 8 * size)[-400:].std()) for size in (1, 16, 64)]
    assert noise[0] > 3 * noise[1] > 3 * noise[2]
    # Small batches do not go down with each step.
    assert bool((costs(1, 1).diff() > 0).any())


@pytest.mark.parametrize(("size", "steps"), [(1, 512), (64, 8), (500, 2), (None, 1)])
def test_an_epoch_takes_each_sample_once(size, steps):
    seen = []

    def watched(theta, batch):
        seen.append(batch)
        return distances(theta, batch)

    path = batch_descent(watched, torch.tensor(0.0), SAMPLES, batch_size=size, lr=0.1, epochs=2)
    assert len(list(path)) == 2 * steps
    first, second = torch.cat(seen[:steps]), torch.cat(seen[steps:])
    assert torch.equal(first.sort().values, SAMPLES.sort().values)
    assert torch.equal(second.sort().values, SAMPLES.sort().values)
    assert not torch.equal(first, second)  # shuffled anew
    assert not torch.equal(first, SAMPLES)


def test_five_million_samples_in_batches_of_a_thousand():
    """As a count alone: 5000 steps an epoch."""
    order = torch.arange(5_000_000)
    assert len(order.split(1000)) == 5000


def test_all_sizes_find_the_mean():
    for size, epochs in ((None, 200), (64, 30)):
        path = batch_descent(
            distances, torch.tensor(4.0), SAMPLES, batch_size=size, lr=0.05, epochs=epochs
        )
        *_, (point, _) = path
        assert float(point) == pytest.approx(float(SAMPLES.mean()), abs=0.1)
