"""Dense networks that are not sequential: parallel branches, several inputs, several outputs.

Sources: Notes of several courses, Functional API
Catalogue: C40
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Float, Int


class ParallelBranches(nn.Module):
    """Dense layers with ReLU beside each other on the same input, joined; a linear layer.

    Args:
        input_shape: of one sample, without the batch.
        num_outputs: numbers that it gives for each sample.
        branches: units of each branch.
    """

    def __init__(
        self, *, input_shape: Sequence[int], num_outputs: int, branches: Sequence[int]
    ) -> None:
        super().__init__()
        inputs = math.prod(input_shape)
        self.branches = nn.ModuleList(
            nn.Sequential(nn.Flatten(), nn.Linear(inputs, units), nn.ReLU()) for units in branches
        )
        self.head = nn.Linear(sum(branches), num_outputs)

    def forward(self, inputs: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch outputs"]:
        """Samples, shape (batch, *input_shape), to outputs, shape (batch, num_outputs)."""
        return self.head(torch.cat([branch(inputs) for branch in self.branches], dim=1))


class IdsAndNumbersNetwork(nn.Module):
    """Two inputs, ids and real numbers, each with a separate branch, to probabilities.

    The ids are embedded and go through a dense layer with ReLU, the numbers through one with a
    sigmoid; joined, they go through a linear layer and a sigmoid unit for each output.

    Args:
        vocabulary: ids are below it.
        id_columns: ids of a sample.
        number_columns: real numbers of a sample.
        num_outputs: probabilities of a sample.
        embedding: size of the vector of an id.
        id_units, number_units: of the two branches.
        joint_units: of the linear layer after both.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        id_columns: int,
        number_columns: int,
        num_outputs: int,
        embedding: int,
        id_units: int,
        number_units: int,
        joint_units: int,
    ) -> None:
        super().__init__()
        self.ids = nn.Sequential(
            nn.Embedding(vocabulary, embedding),
            nn.Flatten(),
            nn.Linear(id_columns * embedding, id_units),
            nn.ReLU(),
        )
        self.numbers = nn.Sequential(nn.Linear(number_columns, number_units), nn.Sigmoid())
        self.head = nn.Sequential(
            nn.Linear(id_units + number_units, joint_units),
            nn.Linear(joint_units, num_outputs),
            nn.Sigmoid(),
        )
        embeddings, _, dense, _ = self.ids
        assert isinstance(embeddings, nn.Embedding)
        nn.init.uniform_(embeddings.weight, -0.05, 0.05)  # small: all rows begin nearly equal
        # He's initial weights for ReLU, Glorot's for the sigmoid.
        for layer, initialize in (
            (dense, nn.init.kaiming_normal_),
            (self.numbers[0], nn.init.xavier_uniform_),
        ):
            assert isinstance(layer, nn.Linear)
            initialize(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(
        self, ids: Int[Tensor, "batch id_columns"], numbers: Float[Tensor, "batch number_columns"]
    ) -> Float[Tensor, "batch outputs"]:
        """Ids (batch, id_columns) and numbers (batch, number_columns) to (batch, outputs)."""
        return self.head(torch.cat([self.ids(ids), self.numbers(numbers)], dim=1))


class TwoOutputs(nn.Module):
    """A first output after two hidden layers, a second one after a third.

    Args:
        input_shape: of one sample, without the batch.
        hidden: units of the two layers that both outputs share.
        further: units of the layer that only the second output has.
    """

    def __init__(self, *, input_shape: Sequence[int], hidden: Sequence[int], further: int) -> None:
        super().__init__()
        first, second = hidden
        self.trunk = nn.Sequential(
            nn.Flatten(),
            nn.Linear(math.prod(input_shape), first),
            nn.ReLU(),
            nn.Linear(first, second),
            nn.ReLU(),
        )
        self.first = nn.Linear(second, 1)
        self.second = nn.Sequential(nn.Linear(second, further), nn.ReLU(), nn.Linear(further, 1))

    def forward(self, inputs: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch 2"]:
        """Samples, shape (batch, *input_shape), to outputs, shape (batch, 2)."""
        shared = self.trunk(inputs)
        return torch.cat([self.first(shared), self.second(shared)], dim=1)
