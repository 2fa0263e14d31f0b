"""The graph convolution is the formula, and what the Chebyshev filter of order 1 comes to."""

import pytest
import torch
from torch_geometric.nn import ChebConv

from phytotron.models.graph.gcn import GCN

# 0-1, 1-2, 1-3, 3-4, each in both directions, and node 5 without a link
LINKS = torch.tensor([[0, 1], [1, 2], [1, 3], [3, 4]])
EDGES = torch.cat([LINKS, LINKS.flip(1)]).T.contiguous()
NODES = 6
ALL = torch.arange(NODES)


@pytest.fixture
def inputs():
    return torch.randn(NODES, 3, generator=torch.Generator().manual_seed(0))


def adjacency():
    dense = torch.zeros(NODES, NODES)
    dense[EDGES[0], EDGES[1]] = 1
    return dense


def normalised(matrix):
    scale = matrix.sum(dim=1).pow(-0.5)
    scale[scale.isinf()] = 0
    return scale[:, None] * matrix * scale


def gcn(*hidden):
    torch.manual_seed(1)
    return GCN(input_shape=(3,), num_outputs=2, hidden=hidden).eval()


def test_a_layer_is_the_dense_formula(inputs):
    network = gcn()
    weight = network.layers[0].lin.weight.T
    expected = normalised(adjacency() + torch.eye(NODES)) @ inputs @ weight
    torch.testing.assert_close(network(inputs, EDGES, ALL), expected)


def test_before_it_is_renormalised_it_is_the_chebyshev_filter_of_order_one(inputs):
    """θ₀ = −θ₁ = W and λ_max = 2 give (I + D^-½ A D^-½) X W; the GCN puts A + I into the root."""
    filter_ = ChebConv(3, 2, K=2, bias=False)  # torch_geometric counts the terms
    layer = gcn().layers[0]
    with torch.no_grad():
        filter_.lins[0].weight.copy_(layer.lin.weight)
        filter_.lins[1].weight.copy_(-layer.lin.weight)
    linked = inputs[:5]  # torch_geometric gives a node without links the value 0 of the Laplacian
    reduced = torch.eye(5) + normalised(adjacency()[:5, :5])
    torch.testing.assert_close(
        filter_(linked, EDGES, lambda_max=2.0), reduced @ linked @ layer.lin.weight.T
    )
    # The same sum with the degrees of A + I is the layer.
    renormalised = normalised(adjacency() + torch.eye(NODES))
    torch.testing.assert_close(layer(inputs, EDGES), renormalised @ inputs @ layer.lin.weight.T)


def test_two_layers_see_two_links_far(inputs):
    network = gcn(4)
    inputs.requires_grad_()
    network(inputs, EDGES, torch.tensor([0])).sum().backward()
    seen = inputs.grad.abs().sum(dim=1) > 0
    assert seen.tolist() == [True, True, True, True, False, False]  # 4 is three links away


def test_it_gives_the_wanted_nodes_in_their_order(inputs):
    network = gcn(4)
    wanted = torch.tensor([4, 0])
    torch.testing.assert_close(network(inputs, EDGES, wanted), network(inputs, EDGES, ALL)[wanted])
