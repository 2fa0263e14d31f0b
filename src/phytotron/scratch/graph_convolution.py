"""The layer of a graph convolutional network with its pass back (Kipf and Welling, 2017).

    Y = P X W + b,    P = D̃^-½ (A + I) D̃^-½,    D̃ the degrees of A + I

It comes from the Chebyshev filter of `graph_filters` with K = 1, λ_max = 2 and θ₀ = -θ₁ = θ, which
is θ (I + D^-½ A D^-½) f. Its eigenvalues reach 2, and many layers would blow the signal up; a loop
at each node before the degrees are counted keeps them in (-1, 1]. With d the gradient in Y:

    dW = (P X)ᵀ d        db = Σ d over the nodes        dX = Pᵀ d Wᵀ
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def propagation(adjacency: Array) -> Array:
    """P of an undirected graph, shape (nodes, nodes), as A."""
    looped = adjacency + np.eye(len(adjacency))
    scale = looped.sum(axis=1) ** -0.5
    return scale[:, None] * looped * scale


class GraphConvolution:
    """A layer for the nodes of one graph.

    Args:
        adjacency: A, shape (nodes, nodes).
        inputs, outputs: features of a node.
        random: draws the weights, uniform in ±√(6 / (inputs + outputs)) (Glorot and Bengio, 2010).

    Attributes:
        weights: shape (inputs, outputs); biases: shape (1, outputs).
        d_weights, d_biases: gradients of the loss after `backward`.
    """

    def __init__(
        self, adjacency: Array, inputs: int, outputs: int, random: np.random.Generator
    ) -> None:
        self.propagation = propagation(adjacency)
        limit = np.sqrt(6 / (inputs + outputs))
        self.weights = random.uniform(-limit, limit, (inputs, outputs))
        self.biases = np.zeros((1, outputs))

    def forward(self, inputs: Array) -> Array:
        """Shape (nodes, inputs) to (nodes, outputs); remembers P X for `backward`."""
        self.gathered = self.propagation @ inputs
        return self.gathered @ self.weights + self.biases

    def backward(self, d_outputs: Array) -> Array:
        """The gradient of the loss in the outputs to that in the inputs."""
        self.d_weights = self.gathered.T @ d_outputs
        self.d_biases = d_outputs.sum(axis=0, keepdims=True)
        return self.propagation.T @ d_outputs @ self.weights.T
