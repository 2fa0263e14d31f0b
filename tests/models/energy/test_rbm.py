"""The restricted Boltzmann machine, against sums over all its states."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from phytotron.models.energy.rbm import RestrictedBoltzmannMachine

VISIBLE, HIDDEN = 4, 3


def states(units: int) -> torch.Tensor:
    return torch.tensor(list(product([0.0, 1.0], repeat=units)))


@pytest.fixture
def machine():
    torch.manual_seed(0)
    made = RestrictedBoltzmannMachine(input_shape=(2, 2), hidden=HIDDEN).double()
    for parameter in made.parameters():
        torch.nn.init.normal_(parameter)
    return made


@pytest.fixture
def joint(machine):
    """p(v, h) of all states, shape (16, 8), by the definition."""
    v, h = states(VISIBLE).double(), states(HIDDEN).double()
    with torch.no_grad():
        energy = h @ machine.weight @ v.T
        energy = energy.T + (v @ machine.visible_bias)[:, None] + h @ machine.hidden_bias
    return energy.exp() / energy.exp().sum()


def test_the_size_of_the_machine_for_mnist():
    machine = RestrictedBoltzmannMachine(input_shape=(1, 28, 28), hidden=500)
    assert sum(p.numel() for p in machine.parameters()) == 393_284


def test_conditionals_and_free_energy_are_those_of_the_joint_distribution(machine, joint):
    v, h = states(VISIBLE).double(), states(HIDDEN).double()
    with torch.no_grad():
        marginal = joint.sum(dim=1)
        torch.testing.assert_close((-machine.free_energy(v)).softmax(dim=0), marginal)
        torch.testing.assert_close(machine(v), joint @ h / marginal[:, None])
        torch.testing.assert_close(machine.back(h), joint.T @ v / joint.sum(dim=0)[:, None])


def test_many_gibbs_steps_draw_from_the_distribution(machine, joint):
    torch.manual_seed(0)
    drawn = machine.gibbs(torch.zeros(40_000, VISIBLE, dtype=torch.float64), 30)
    places = (drawn @ torch.tensor([8.0, 4.0, 2.0, 1.0]).double()).long()
    shares = places.bincount(minlength=16) / len(drawn)
    torch.testing.assert_close(shares.double(), joint.sum(dim=1), atol=0.012, rtol=0)


def test_the_pseudo_likelihood_is_the_mean_over_the_units(machine, joint):
    marginal = joint.sum(dim=1)
    v = torch.tensor([1.0, 0.0, 0.0, 1.0], dtype=torch.float64)
    number = 9  # of that state
    exact = sum(
        (marginal[number] / (marginal[number] + marginal[number ^ 2**unit])).log()
        for unit in range(VISIBLE)
    )
    torch.manual_seed(0)
    with torch.no_grad():
        estimate = machine.pseudo_log_likelihood(v.expand(40_000, -1))
    assert float(estimate.mean()) == pytest.approx(float(exact), rel=0.02)
