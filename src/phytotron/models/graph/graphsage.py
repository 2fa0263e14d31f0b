"""GraphSAGE (Hamilton et al., "Inductive Representation Learning on Large Graphs", 2017)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch_geometric.utils import scatter

from phytotron.nn.shapes import Float, Int


class MeanLayer(nn.Module):
    """A node's own features and the mean of its neighbours', each mapped to half of the outputs.

    Args:
        inputs: features of a node.
        num_outputs: features of a node after the layer; even.
    """

    def __init__(self, inputs: int, num_outputs: int) -> None:
        super().__init__()
        self.own = nn.Linear(inputs, num_outputs // 2, bias=False)
        self.neighbours = nn.Linear(inputs, num_outputs // 2, bias=False)
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(
        self, own: Float[Tensor, "*nodes inputs"], mean: Float[Tensor, "*nodes inputs"]
    ) -> Float[Tensor, "*nodes outputs"]:
        """Both of shape (..., inputs), to shape (..., outputs)."""
        return torch.cat([self.own(own), self.neighbours(mean)], dim=-1) + self.bias


class GraphSAGE(nn.Module):
    """Layers that aggregate ever larger neighbourhoods of a node, then a linear layer.

    While training, a node sees a sample of its neighbours, drawn anew each time and with
    replacement, and these a sample of theirs: the cost of a step depends on neither the size of the
    graph nor the most popular node. Otherwise it sees all of them. A node without neighbours is its
    own.

    Args:
        input_shape: (features,) of a node.
        num_outputs: logits of a node.
        hidden: features of a node after each layer.
        samples: neighbours that are drawn for a node, then for each of these, and so on: one number
            a layer.
        activation: makes the activation after each layer.
        dropout: on each layer's input.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        num_outputs: int,
        hidden: Sequence[int],
        samples: Sequence[int],
        activation: Callable[[], nn.Module] = nn.ReLU,
        dropout: float = 0.5,
    ) -> None:
        super().__init__()
        if len(samples) != len(hidden):
            raise ValueError(f"{len(samples)} numbers of samples for {len(hidden)} layers")
        widths = [*input_shape, *hidden]
        self.samples = samples
        self.layers = nn.ModuleList(MeanLayer(before, after) for before, after in pairwise(widths))
        self.activation = activation()
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(widths[-1], num_outputs)

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
        if self.training:
            return self.output(self._embed_sampled(inputs, edges, nodes))
        return self.output(self.embed(inputs, edges)[nodes])

    def embed(
        self, inputs: Float[Tensor, "nodes features"], edges: Int[Tensor, "2 edges"]
    ) -> Float[Tensor, "nodes hidden"]:
        """The inputs of the linear layer, from all neighbours, shape (nodes, hidden[-1])."""
        source, target = edges
        isolated = torch.bincount(target, minlength=len(inputs)).eq(0).nonzero().squeeze(1)
        source, target = torch.cat([source, isolated]), torch.cat([target, isolated])
        for layer in self.layers:
            inputs = self.dropout(inputs)
            mean = scatter(inputs[source], target, dim_size=len(inputs), reduce="mean")
            inputs = self.activation(layer(inputs, mean))
        return inputs

    def _embed_sampled(
        self,
        inputs: Float[Tensor, "nodes features"],
        edges: Int[Tensor, "2 edges"],
        nodes: Int[Tensor, " wanted"],
    ) -> Float[Tensor, "wanted hidden"]:
        # hops[k] has the shape (wanted, samples[0], ..., samples[k - 1]).
        hops = [nodes]
        for count in self.samples:
            hops.append(sample_neighbours(edges, hops[-1], count, len(inputs)))
        states = [inputs[hop] for hop in hops]
        for layer in self.layers:
            states = [self.dropout(state) for state in states]
            states = [
                self.activation(layer(own, neighbours.mean(dim=-2)))
                for own, neighbours in pairwise(states)
            ]
        return states[0]


def sample_neighbours(
    edges: Int[Tensor, "2 edges"], of: Int[Tensor, "*of"], count: int, nodes: int
) -> Int[Tensor, "*of {count}"]:
    """Draw neighbours with replacement; a node without any is its own.

    Args:
        edges: from and to which node, shape (2, edges).
        of: ids of the nodes whose neighbours are drawn, of any shape.
        count: how many for each of them.
        nodes: of the graph.

    Returns:
        Node ids, shape (*of.shape, count).
    """
    source, order = edges[0].sort(stable=True)
    degrees = torch.bincount(source, minlength=nodes)
    first = degrees.cumsum(0) - degrees
    neighbours = torch.cat(
        [edges[1][order], edges.new_zeros(1)]
    )  # padding for nodes without neighbours
    chance = torch.rand(*of.shape, count, device=edges.device)
    place = (chance * degrees[of].unsqueeze(-1)).long()
    drawn = neighbours[first[of].unsqueeze(-1) + place]
    return torch.where(degrees[of].unsqueeze(-1) > 0, drawn, of.unsqueeze(-1))
