"""The multilayer perceptron: linear layers with ReLUs between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn


class MLP(nn.Module):
    """Flatten, hidden layers with ReLU and dropout, linear layer.

    Args:
        input_shape: of one sample, without the batch, such as (28, 28).
        classes: logits per sample.
        hidden: units of each hidden layer.
        dropout: on the output of each hidden layer.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        classes: int,
        hidden: Sequence[int],
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        widths = [math.prod(input_shape), *hidden]
        for inputs, outputs in pairwise(widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
            if dropout:
                layers.append(nn.Dropout(dropout))
        self.layers = nn.Sequential(*layers, nn.Linear(widths[-1], classes))

    def forward(self, inputs: Tensor) -> Tensor:
        """Samples, shape (batch, *input_shape), to logits, shape (batch, classes)."""
        return self.layers(inputs)
