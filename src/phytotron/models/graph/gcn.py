"""The graph convolutional network (Kipf and Welling, "Semi-Supervised Classification with Graph
Convolutional Networks", 2017)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn
from torch_geometric.nn import GCNConv

from phytotron.nn.shapes import Float, Int


class GCN(nn.Module):
    """Graph convolutions with activation and dropout between them; the last one gives logits.

    A layer gives each node a weighted sum over its neighbours and itself, D̃^-½ (A + I) D̃^-½ X W,
    with D̃ the degrees of A + I: the Chebyshev filter of order 1 with θ₀ = −θ₁ and λ_max = 2, whose
    I + D^-½ A D^-½ is renormalised so that its eigenvalues stay below 1.

    Args:
        input_shape: (features,) of a node.
        num_outputs: logits of a node.
        hidden: features of a node after each layer except the last.
        activation: makes the activation after these layers.
        dropout: on each layer's input.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        num_outputs: int,
        hidden: Sequence[int],
        activation: Callable[[], nn.Module] = nn.ReLU,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        widths = [*input_shape, *hidden, num_outputs]
        self.layers = nn.ModuleList(GCNConv(before, after) for before, after in pairwise(widths))
        self.activation = activation()
        self.dropout = nn.Dropout(dropout)

    def embed(
        self, inputs: Float[Tensor, "nodes features"], edges: Int[Tensor, "2 edges"]
    ) -> Float[Tensor, "nodes hidden"]:
        """The inputs of the last layer, shape (nodes, hidden[-1])."""
        for layer in self.layers[:-1]:
            inputs = self.activation(layer(self.dropout(inputs), edges))
        return inputs

    def forward(
        self,
        inputs: Float[Tensor, "nodes features"],
        edges: Int[Tensor, "2 edges"],
        nodes: Int[Tensor, " wanted"],
    ) -> Float[Tensor, "wanted outputs"]:
        """The logits of some nodes of a graph.

        Args:
            inputs: of all nodes, shape (nodes, features).
            edges: from and to which node, each link in both directions, shape (2, edges).
            nodes: ids of the nodes to classify, shape (wanted,).

        Returns:
            Shape (wanted, outputs).
        """
        return self.layers[-1](self.dropout(self.embed(inputs, edges)), edges)[nodes]
