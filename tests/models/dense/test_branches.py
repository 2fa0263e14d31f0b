"""Dense networks that are no chain."""

import pytest
import torch

from phytotron.models.dense.branches import IdsAndNumbersNetwork, ParallelBranches, TwoOutputs

pytestmark = pytest.mark.catalogue("C40")


def parameters(network: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_branches_see_the_same_input_and_are_joined():
    network = ParallelBranches(input_shape=(28, 28), num_outputs=10, branches=[32] * 4)
    assert parameters(network) == 4 * (784 * 32 + 32) + 128 * 10 + 10
    images = torch.rand(3, 28, 28)
    assert network(images).shape == (3, 10)
    joined = torch.cat([branch(images) for branch in network.branches], dim=1)
    assert torch.equal(network(images), network.head(joined))


def test_two_inputs_become_a_probability():
    network = IdsAndNumbersNetwork(
        vocabulary=10_000,
        id_columns=32,
        number_columns=100,
        num_outputs=1,
        embedding=64,
        id_units=16,
        number_units=64,
        joint_units=10,
    )
    assert parameters(network) == 680_069
    ids, numbers = torch.randint(0, 10_000, (5, 32)), torch.rand(5, 100)
    probability = network(ids, numbers)
    assert probability.shape == (5, 1)
    assert ((probability > 0) & (probability < 1)).all()
    assert not torch.equal(probability, network(ids, 1 - numbers))
    assert not torch.equal(probability, network(ids.flip(0), numbers))


def test_the_second_output_alone_has_the_further_layer():
    network = TwoOutputs(input_shape=(8,), hidden=(128, 128), further=64)
    inputs = torch.rand(4, 8)
    assert network(inputs).shape == (4, 2)
    network(inputs)[:, 0].sum().backward()
    assert not any(parameter.grad.any() for parameter in network.second.parameters())
    assert all(parameter.grad.any() for parameter in network.trunk.parameters())
