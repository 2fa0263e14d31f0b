"""The dense layer, with the pass back through it.

Sources: Rajput 2023, ch. 6, ch. 7
Catalogue: C10
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Dense:
    """outputs = X W + b.

    Args:
        inputs: features of a sample.
        units: outputs of a sample.
        random: draws the weights, normal with standard deviation `scale`. Biases begin at zero.
        scale: small, so that no unit is saturated or dominant at the start.

    Attributes:
        weights: shape (inputs, units); biases: shape (1, units).
        d_weights, d_biases: gradients of the loss after `backward`, of the same shapes.
    """

    def __init__(
        self, inputs: int, units: int, random: np.random.Generator, scale: float = 0.01
    ) -> None:
        self.weights = scale * random.standard_normal((inputs, units))
        self.biases = np.zeros((1, units))

    def forward(self, inputs: Array) -> Array:
        """Shape (batch, inputs) to (batch, units); remembers the inputs for `backward`."""
        self.inputs = inputs
        return inputs @ self.weights + self.biases

    def backward(self, d_outputs: Array) -> Array:
        """The gradient of the loss in the outputs to that in the inputs."""
        self.d_weights = self.inputs.T @ d_outputs
        self.d_biases = d_outputs.sum(axis=0, keepdims=True)
        return d_outputs @ self.weights.T
