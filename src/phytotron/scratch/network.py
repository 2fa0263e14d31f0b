"""A sequence of layers with the forward and the backward pass."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from phytotron.scratch.activations import Layer, ReLU, Sigmoid, Tanh
from phytotron.scratch.layers import Dense
from phytotron.scratch.losses import Loss

Array = NDArray[np.float64]

ACTIVATIONS: dict[str, type[Layer]] = {"relu": ReLU, "sigmoid": Sigmoid, "tanh": Tanh}


class Network:
    """A sequence of layers and the loss of its outputs.

    Args:
        layers: the first one first.
        loss: of the last layer's outputs.
    """

    def __init__(self, layers: Sequence[Layer], loss: Loss) -> None:
        self.layers = layers
        self.loss = loss

    @property
    def dense(self) -> list[Dense]:
        """The layers with parameters."""
        return [layer for layer in self.layers if isinstance(layer, Dense)]

    @property
    def parameters(self) -> list[Array]:
        """Weights and biases of each dense layer: the arrays themselves, no copies."""
        return [values for layer in self.dense for values in (layer.weights, layer.biases)]

    @property
    def gradients(self) -> list[Array]:
        """Of the `parameters`, in their order, after `backward`."""
        return [values for layer in self.dense for values in (layer.d_weights, layer.d_biases)]

    def forward(self, inputs: Array) -> Array:
        """Shape (batch, inputs) to the outputs of the last layer, which are kept as `outputs`."""
        for layer in self.layers:
            inputs = layer.forward(inputs)
        self.outputs = inputs
        return inputs

    def backward(self) -> Array:
        """From the loss back to the inputs; each dense layer keeps its gradients on the way."""
        gradient = self.loss.backward()
        for layer in reversed(self.layers):
            gradient = layer.backward(gradient)
        return gradient

    def loss_and_gradients(self, inputs: Array, targets: NDArray) -> float:
        """Both passes; the loss."""
        loss = self.loss.forward(self.forward(inputs), targets)
        self.backward()
        return loss


def feed_forward(
    widths: Sequence[int],
    activation: str,
    loss: Loss,
    random: np.random.Generator,
    scale: float | None = None,
) -> Network:
    """Dense layers with an activation between them; the last one is linear.

    Args:
        widths: inputs, units of each hidden layer, outputs.
        activation: a key of `ACTIVATIONS`.
        loss: of the scores.
        random: draws the weights.
        scale: their standard deviation; None: √(2 / inputs) of each layer (He et al., 2015).
    """
    layers: list[Layer] = []
    for inputs, units in pairwise(widths):
        std = np.sqrt(2 / inputs) if scale is None else scale
        layers += [Dense(inputs, units, random, std), ACTIVATIONS[activation]()]
    return Network(layers[:-1], loss)
