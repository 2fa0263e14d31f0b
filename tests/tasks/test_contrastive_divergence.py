"""Contrastive divergence: its gradient, and what it does to the weights."""

from __future__ import annotations

import pytest
import torch

from phytotron.models.energy.rbm import RestrictedBoltzmannMachine
from phytotron.tasks.contrastive_divergence import ContrastiveDivergence

RATE, BATCH = 0.01, 6
SGD = {"_target_": "torch.optim.SGD", "lr": RATE}


@pytest.fixture
def task():
    torch.manual_seed(0)
    network = RestrictedBoltzmannMachine(input_shape=(1, 3, 3), hidden=5)
    torch.nn.init.normal_(network.hidden_bias)
    return ContrastiveDivergence(network, optimizer=SGD, steps=3)


@pytest.fixture
def images():
    return torch.bernoulli(torch.full((BATCH, 9), 0.4), generator=torch.Generator().manual_seed(1))


def test_the_gradient_is_the_negative_minus_the_positive_statistics(task, images):
    network = task.network
    torch.manual_seed(2)
    task.training_step((images, None), 0).backward()
    torch.manual_seed(2)
    chain = network.gibbs(images, 3)  # the same negative samples
    with torch.no_grad():
        positive, negative = network(images), network(chain)
    assert not torch.equal(chain, images)
    torch.testing.assert_close(
        network.weight.grad, (negative.T @ chain - positive.T @ images) / BATCH
    )
    torch.testing.assert_close(network.visible_bias.grad, (chain - images).mean(dim=0))
    torch.testing.assert_close(network.hidden_bias.grad, (negative - positive).mean(dim=0))


def test_a_step_is_learning_rate_over_batch_times_their_difference(task, images):
    network = task.network
    before = network.weight.detach().clone()
    optimizer = task.configure_optimizers()
    torch.manual_seed(2)
    task.training_step((images, None), 0).backward()
    torch.manual_seed(2)
    chain = network.gibbs(images, 3)
    with torch.no_grad():
        difference = network(images).T @ images - network(chain).T @ chain
    optimizer.step()
    torch.testing.assert_close(network.weight, before + RATE / BATCH * difference)


def test_it_measures_the_reconstruction_of_one_gibbs_step(task):
    # Hidden units that are always on, and visible ones that are on but for the first three.
    network = task.network
    torch.nn.init.zeros_(network.weight)
    network.visible_bias.data = torch.tensor([-50.0] * 3 + [50.0] * 6)
    images = torch.ones(BATCH, 1, 3, 3)
    task.validation_step((images, None), 0)
    measured = task.validation_metrics()
    assert float(measured["val_pixel_error"]) == pytest.approx(3 / 9)
    assert float(measured["val_squared_error"]) == pytest.approx(3 / 9)
    assert task.reconstruct(images)[0, 0].tolist() == [[0, 0, 0], [1, 1, 1], [1, 1, 1]]
