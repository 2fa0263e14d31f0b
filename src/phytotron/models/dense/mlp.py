"""The multilayer perceptron."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from torch import Tensor, nn

from phytotron.nn.shapes import Float


class MLP(nn.Module):
    """Flatten; hidden layers with normalisation, activation and dropout; a linear layer.

    Args:
        input_shape: of one sample, without the batch, such as (28, 28).
        num_outputs: numbers that it gives for each sample, such as logits of the classes.
        hidden: units of each hidden layer.
        activation: makes the activation of a hidden layer.
        normalization: makes what comes between a hidden layer and its activation, from the number
            of units; None: nothing.
        dropout: on the output of each hidden layer.
        output_activation: makes the activation of the outputs; None: they are as they are.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        num_outputs: int,
        hidden: Sequence[int],
        activation: Callable[[], nn.Module] = nn.ReLU,
        normalization: Callable[[int], nn.Module] | None = None,
        dropout: float = 0.0,
        output_activation: Callable[[], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten()]
        widths = [math.prod(input_shape), *hidden]
        for before, units in pairwise(widths):
            layers.append(nn.Linear(before, units))
            if normalization is not None:
                layers.append(normalization(units))
            layers.append(activation())
            if dropout:
                layers.append(nn.Dropout(dropout))
        layers.append(nn.Linear(widths[-1], num_outputs))
        if output_activation is not None:
            layers.append(output_activation())
        self.layers = nn.Sequential(*layers)

    def forward(self, inputs: Float[Tensor, "batch *sample"]) -> Float[Tensor, "batch outputs"]:
        """Samples, shape (batch, *input_shape), to outputs, shape (batch, outputs)."""
        return self.layers(inputs)
