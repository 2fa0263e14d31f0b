"""The multilayer perceptron."""

import torch

from phytotron.models.dense.mlp import MLP


def test_the_mnist_network_has_the_parameters_of_rajput_2023():  # ch. 9
    network = MLP(input_shape=(28, 28), num_outputs=10, hidden=(128, 128))
    assert sum(p.numel() for p in network.parameters()) == 118_282
    assert network(torch.rand(3, 28, 28)).shape == (3, 10)


def test_without_hidden_layers_it_is_linear():
    network = MLP(input_shape=(4,), num_outputs=2, hidden=())
    x, y = torch.rand(2, 1, 4)
    assert torch.allclose(network(x) + network(y), network(x + y) + network(0 * x))


def test_dropout_works_on_hidden_layers_while_training():
    network = MLP(input_shape=(4,), num_outputs=2, hidden=(64,), dropout=0.5)
    x = torch.rand(1, 4)
    assert not torch.equal(network(x), network(x))
    network.eval()
    assert torch.equal(network(x), network(x))
