"""GraphSAGE: parameters of the catalogue, sampling, and the mean that sampling estimates."""

import pytest
import torch

from phytotron.models.graph.graphsage import GraphSAGE, sample_neighbours

# 0-1, 1-2, 1-3, 3-4, each in both directions, and node 5 without a link
LINKS = torch.tensor([[0, 1], [1, 2], [1, 3], [3, 4]])
EDGES = torch.cat([LINKS, LINKS.flip(1)]).T.contiguous()
NEIGHBOURS = {0: {1}, 1: {0, 2, 3}, 2: {1}, 3: {1, 4}, 4: {3}, 5: {5}}
ALL = torch.arange(6)


@pytest.fixture
def inputs():
    return torch.randn(6, 3, generator=torch.Generator().manual_seed(0))


def graphsage(samples, hidden=(4, 4)):
    torch.manual_seed(1)
    return GraphSAGE(input_shape=(3,), num_outputs=2, hidden=hidden, samples=samples, dropout=0.0)


def test_it_has_the_parameters_of_the_one_for_cora():
    network = GraphSAGE(input_shape=(1433,), num_outputs=7, hidden=(32, 32), samples=(10, 5))
    counts = [sum(p.numel() for p in part.parameters()) for part in network.layers]
    assert counts == [45_888, 1_056]
    assert sum(p.numel() for p in network.parameters()) == 47_175


def test_only_neighbours_are_drawn_and_all_of_them_alike():
    torch.manual_seed(0)
    drawn = sample_neighbours(EDGES, ALL, 3000, 6)
    assert {node: set(row.tolist()) for node, row in enumerate(drawn)} == NEIGHBOURS
    shares = drawn[1].bincount(minlength=4)[[0, 2, 3]] / 3000
    torch.testing.assert_close(shares, torch.full((3,), 1 / 3), atol=0.03, rtol=0)


def test_they_are_drawn_for_any_shape_of_nodes():
    of = torch.tensor([[0, 1], [3, 5]])
    drawn = sample_neighbours(EDGES, of, 4, 6)
    assert drawn.shape == (2, 2, 4)
    assert (drawn[0, 0] == 1).all()
    assert (drawn[1, 1] == 5).all()


def test_a_layer_is_the_concatenation_of_both_maps(inputs):
    network = graphsage([2], hidden=[4]).eval()
    layer = network.layers[0]
    mean = torch.stack([inputs[sorted(NEIGHBOURS[node])].mean(dim=0) for node in range(6)])
    both = torch.cat([inputs @ layer.own.weight.T, mean @ layer.neighbours.weight.T], dim=1)
    torch.testing.assert_close(network.embed(inputs, EDGES), torch.relu(both + layer.bias))


def test_where_each_node_has_one_neighbour_a_sample_is_all(inputs):
    """Then training and evaluation compute the same, by two ways."""
    pairs = torch.tensor([[0, 1, 2, 3, 4, 5], [1, 0, 3, 2, 5, 4]])
    network = graphsage([3, 2])
    trained = network(inputs, pairs, ALL)
    torch.testing.assert_close(network.eval()(inputs, pairs, ALL), trained)


def test_many_samples_come_near_to_all_neighbours(inputs):
    network = graphsage([4000], hidden=[4])
    sampled = network(inputs, EDGES, ALL)
    torch.testing.assert_close(network.eval()(inputs, EDGES, ALL), sampled, atol=0.03, rtol=0)


def test_it_takes_nodes_that_it_has_never_seen(inputs):
    """Inductive: the weights fit any graph."""
    network = graphsage([3, 2]).eval()
    more = torch.cat([inputs, torch.randn(1, 3)])
    linked = torch.cat([EDGES, torch.tensor([[5, 6], [6, 5]])], dim=1)
    assert network(more, linked, torch.tensor([6])).shape == (1, 2)


def test_a_number_of_samples_is_needed_for_each_layer():
    with pytest.raises(ValueError, match="1 numbers of samples for 2 layers"):
        graphsage([3])
