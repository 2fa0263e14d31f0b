"""A cost function as data, and one weight that minimises it."""

from __future__ import annotations

import pytest
import torch

from phytotron.data.arrays import array_module
from phytotron.data.coefficients import coefficients
from phytotron.models.components.polynomial_cost import PolynomialCost


@pytest.mark.parametrize(
    ("values", "w", "cost"),
    [([1, -10, 25], 0.0, 25), ([1, -10, 25], 5.0, 0), ([2, 0, 0, -1], 2.0, 15)],
)
def test_the_cost_is_the_polynomial(values, w, cost):
    batch = torch.tensor([values, values], dtype=torch.float32)
    assert PolynomialCost(start=w)(batch).tolist() == [cost, cost]


def test_the_gradient_is_that_of_the_square():
    network = PolynomialCost(start=3.0)
    network(torch.tensor([[1.0, -10.0, 25.0]])).sum().backward()
    assert network.w.grad.item() == 2 * (3 - 5)


def test_an_epoch_is_the_polynomial_many_times_and_the_test_once():
    read = coefficients(values=[1, -10, 25], repeats=100)
    module = array_module(read, batch_size=1, validation=0, seed=0)
    batches = list(module.train_dataloader())
    assert len(batches) == 100
    assert batches[0].coefficients.tolist() == [[1, -10, 25]]
    assert module.test.coefficients.tolist() == [[1, -10, 25]]
    tiny = coefficients(values=[1, -10, 25], repeats=100, tiny=True)
    assert len(tiny.train.coefficients) == 64
