"""Laplacians, filters and graph convolution: dense formulas, PyTorch Geometric, differences."""

from __future__ import annotations

import networkx
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_geometric.nn import ChebConv, GCNConv

from phytotron.scratch.activations import ReLU
from phytotron.scratch.gradient_check import numerical_gradients, relative_error
from phytotron.scratch.graph import Tensor, apply
from phytotron.scratch.graph_convolution import GraphConvolution, propagation
from phytotron.scratch.graph_filters import (
    SpectralLayer,
    chebyshev_filter,
    chebyshev_terms,
    fourier,
    inverse_fourier,
    polynomial_filter,
    spectral_filter,
)
from phytotron.scratch.laplacian import (
    adjacency,
    laplacian,
    normalised_laplacian,
    parts,
    random_walk_laplacian,
)

pytestmark = pytest.mark.catalogue("O01", "O08", "O08b")

RANDOM = np.random.default_rng(0)
EDGES = [(0, 1), (1, 2), (1, 3), (3, 4)]
A = adjacency(5, EDGES)
L = normalised_laplacian(A)
X = RANDOM.normal(size=(5, 3))


@st.composite
def graphs(draw):
    """Adjacency matrices of 2 to 8 nodes, in which some may have no edge."""
    nodes = draw(st.integers(2, 8))
    node = st.integers(0, nodes - 1)
    pairs = draw(st.lists(st.tuples(node, node).filter(lambda p: p[0] != p[1]), max_size=12))
    return adjacency(nodes, pairs)


# Laplacians


def test_the_graph_of_five_nodes():
    expected = [
        [0, 1, 0, 0, 0],
        [1, 0, 1, 1, 0],
        [0, 1, 0, 0, 0],
        [0, 1, 0, 0, 1],
        [0, 0, 0, 1, 0],
    ]
    assert A.tolist() == expected
    assert A.sum(axis=1).tolist() == [1, 3, 1, 2, 1]
    assert laplacian(A)[1].tolist() == [-1, 3, -1, -1, 0]
    assert not (laplacian(A) @ np.ones(5)).any()
    eigenvalues = np.linalg.eigvalsh(laplacian(A))
    assert np.sum(np.abs(eigenvalues) < 1e-12) == 1
    np.testing.assert_allclose(random_walk_laplacian(A).sum(axis=1), 0, atol=1e-15)


def test_the_directed_graph_of_five_nodes():
    directed = adjacency(5, [(0, 1), (1, 3), (2, 1), (3, 4)], directed=True)
    assert np.argwhere(directed).tolist() == [[0, 1], [1, 3], [2, 1], [3, 4]]


@given(graphs())
def test_laplacians_are_networkx_s(a):
    graph = networkx.from_numpy_array(a)
    np.testing.assert_array_equal(laplacian(a), networkx.laplacian_matrix(graph).toarray())
    theirs = networkx.normalized_laplacian_matrix(graph).toarray()
    np.testing.assert_allclose(normalised_laplacian(a), theirs, atol=1e-12)
    assert np.linalg.eigvalsh(normalised_laplacian(a)).max() < 2 + 1e-9
    assert np.linalg.eigvalsh(laplacian(a)).min() > -1e-9


@given(graphs())
def test_as_many_zero_eigenvalues_as_parts(a):
    components = networkx.connected_components(networkx.from_numpy_array(a))
    found = parts(a)
    assert {frozenset(np.flatnonzero(found == n).tolist()) for n in range(found.max() + 1)} == {
        frozenset(component) for component in components
    }
    for matrix in (laplacian(a), normalised_laplacian(a)):
        assert np.sum(np.linalg.eigvalsh(matrix) < 1e-9) == found.max() + 1
    np.testing.assert_allclose(random_walk_laplacian(a).sum(axis=1), 0, atol=1e-12)


def test_directions_do_not_count_for_the_parts():
    assert parts(adjacency(4, [(1, 0), (1, 2)], directed=True)).tolist() == [0, 0, 0, 1]


@given(graphs(), st.integers(0, 99))
def test_the_laplacian_compares_with_the_neighbours(a, seed):
    x = np.random.default_rng(seed).normal(size=len(a))
    for node in range(len(a)):
        neighbours = np.flatnonzero(a[node])
        expected = len(neighbours) * (x[node] - x[neighbours].mean()) if len(neighbours) else 0
        assert (laplacian(a) @ x)[node] == pytest.approx(expected)
        if len(neighbours):
            walk = random_walk_laplacian(a)[node] @ x
            assert walk == pytest.approx(x[node] - x[neighbours].mean())


# Filters


@given(graphs(), st.integers(0, 99))
def test_back_from_the_spectrum_is_the_signal(a, seed):
    lap, f = normalised_laplacian(a), np.random.default_rng(seed).normal(size=(len(a), 2))
    np.testing.assert_allclose(inverse_fourier(lap, fourier(lap, f)), f, atol=1e-12)
    np.testing.assert_allclose((fourier(lap, f) ** 2).sum(), (f**2).sum())


def test_the_lowest_frequency_is_smooth():
    signal = np.sqrt(A.sum(axis=1))  # the eigenvector of 0
    spectrum = fourier(L, signal)
    np.testing.assert_allclose(np.abs(spectrum), [np.linalg.norm(signal), 0, 0, 0, 0], atol=1e-12)


@pytest.mark.parametrize("theta", [[2.0], [0.5, -1], [0.3, 0.2, -0.7, 0.1]])
def test_a_polynomial_of_the_laplacian_is_a_filter_of_the_spectrum(theta):
    expected = spectral_filter(L, X, lambda values: np.polyval(theta[::-1], values))
    np.testing.assert_allclose(polynomial_filter(L, X, theta), expected, atol=1e-12)


@pytest.mark.parametrize("theta", [[2.0], [0.5, -1], [0.3, 0.2, -0.7, 0.1]])
@pytest.mark.parametrize("largest", [2.0, 1.9])
def test_so_is_a_chebyshev_series(theta, largest):
    series = np.polynomial.Chebyshev(theta)
    expected = spectral_filter(L, X, lambda values: series(2 * values / largest - 1))
    np.testing.assert_allclose(chebyshev_filter(L, X, theta, largest), expected, atol=1e-12)


def test_order_k_reaches_k_edges_and_no_further():
    distance = np.array([0, 1, 2, 2, 3])  # from node 0
    impulse = np.eye(5)[0]
    for order in range(4):
        theta = [1.0] * (order + 1)
        for filtered in (polynomial_filter(L, impulse, theta), chebyshev_filter(L, impulse, theta)):
            np.testing.assert_array_equal(np.abs(filtered) > 1e-12, distance <= order)


def test_chebyshev_terms_are_those_of_pytorch_geometric():
    layer = ChebConv(3, 2, K=4, bias=False).double()
    edges = torch.tensor(np.argwhere(A).T)
    theirs = layer(torch.tensor(X), edges, lambda_max=torch.tensor(2.0, dtype=torch.float64))
    weights = [part.weight.detach().numpy().T for part in layer.lins]
    terms = chebyshev_terms(L, X, 3)
    ours = sum(term @ w for term, w in zip(terms, weights, strict=True))
    np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=1e-10)


def test_a_spectral_layer_filters_each_pair_of_features():
    layer = SpectralLayer(L, 3, 2, RANDOM)
    expected = np.zeros((5, 2))
    for i in range(3):
        for o in range(2):
            expected[:, o] += spectral_filter(L, X[:, i], lambda _, i=i, o=o: layer.theta[:, i, o])
    np.testing.assert_allclose(layer.forward(X), expected, atol=1e-12)


# Layers


def check_gradients(layer, parameters, gradients, x, d):
    numerical = numerical_gradients(lambda: float((layer.forward(x) * d).sum()), [x, *parameters])
    layer.forward(x)
    found = [layer.backward(d), *(getattr(layer, name) for name in gradients)]
    for ours, reference in zip(found, numerical, strict=True):
        assert relative_error(ours, reference) < 1e-7


def test_the_pass_back_of_the_spectral_layer_against_differences():
    layer = SpectralLayer(L, 3, 2, RANDOM)
    check_gradients(layer, [layer.theta], ["d_theta"], X.copy(), RANDOM.normal(size=(5, 2)))


def test_the_pass_back_of_graph_convolution_against_differences():
    layer = GraphConvolution(A, 3, 2, RANDOM)
    layer.biases[:] = RANDOM.normal(size=2)
    check_gradients(
        layer,
        [layer.weights, layer.biases],
        ["d_weights", "d_biases"],
        X.copy(),
        RANDOM.normal(size=(5, 2)),
    )


def test_graph_convolution_is_the_dense_formula():
    layer = GraphConvolution(A, 3, 2, RANDOM)
    layer.biases[:] = RANDOM.normal(size=2)
    roots = np.diag((A.sum(axis=1) + 1) ** -0.5)
    expected = roots @ (A + np.eye(5)) @ roots @ X @ layer.weights + layer.biases
    np.testing.assert_allclose(layer.forward(X), expected, atol=1e-14)


def test_two_nodes_by_hand():
    """Each has degree 2 with its loop: both get the mean."""
    assert propagation(adjacency(2, [(0, 1)])).tolist() == pytest.approx(np.full((2, 2), 0.5))


@given(graphs(), st.integers(0, 99))
def test_a_network_of_two_layers_is_that_of_pytorch_geometric_both_ways(a, seed):
    random = np.random.default_rng(seed)
    x, d = random.normal(size=(len(a), 3)), random.normal(size=(len(a), 2))
    layers = [GraphConvolution(a, 3, 4, random), GraphConvolution(a, 4, 2, random)]
    theirs = [GCNConv(3, 4).double(), GCNConv(4, 2).double()]
    with torch.no_grad():
        for layer, reference in zip(layers, theirs, strict=True):
            layer.biases = random.normal(size=layer.biases.shape)
            reference.lin.weight[:] = torch.tensor(layer.weights.T)
            reference.bias[:] = torch.tensor(layer.biases[0])
    edges = torch.tensor(np.argwhere(a).T)
    inputs = torch.tensor(x, requires_grad=True)
    expected = theirs[1](torch.relu(theirs[0](inputs, edges)), edges)
    (expected * torch.tensor(d)).sum().backward()

    start = Tensor(x)
    out = apply(layers[1], apply(ReLU(), apply(layers[0], start)))
    (out * d).sum().backward()
    np.testing.assert_allclose(out.data, expected.detach().numpy(), atol=1e-10)
    np.testing.assert_allclose(start.grad, inputs.grad.numpy(), atol=1e-10)
    for layer, reference in zip(layers, theirs, strict=True):
        np.testing.assert_allclose(layer.d_weights.T, reference.lin.weight.grad, atol=1e-10)
        np.testing.assert_allclose(layer.d_biases[0], reference.bias.grad, atol=1e-10)


def test_it_comes_from_the_chebyshev_filter_of_order_1():
    """θ₀ = -θ₁ gives θ (I + D^-½ A D^-½) f; with loops instead of I, that is the layer."""
    theta = 0.7
    roots = np.diag(A.sum(axis=1) ** -0.5)
    plain = theta * (np.eye(5) + roots @ A @ roots) @ X
    np.testing.assert_allclose(chebyshev_filter(L, X, [theta, -theta]), plain, atol=1e-12)
    looped = np.eye(5) - normalised_laplacian(A + np.eye(5))
    np.testing.assert_allclose(propagation(A), looped, atol=1e-12)


@given(graphs())
def test_many_layers_do_not_blow_the_signal_up(a):
    eigenvalues = np.linalg.eigvalsh(propagation(a))
    assert eigenvalues.max() == pytest.approx(1)
    assert eigenvalues.min() > -1 + 1e-9
    plain = np.linalg.eigvalsh(2 * np.eye(len(a)) - normalised_laplacian(a))
    assert plain.max() == pytest.approx(2)


def test_the_first_weights_are_within_their_limit():
    weights = GraphConvolution(A, 40, 60, RANDOM).weights
    limit = np.sqrt(6 / 100)
    assert 0.98 * limit < np.abs(weights).max() <= limit
    assert weights.std() == pytest.approx(limit / np.sqrt(3), rel=0.03)


def test_the_first_responses_have_the_deviation_of_their_inputs():
    theta = SpectralLayer(L, 400, 50, RANDOM).theta
    assert theta.shape == (5, 400, 50)
    assert theta.std() == pytest.approx(1 / 20, rel=0.02)
