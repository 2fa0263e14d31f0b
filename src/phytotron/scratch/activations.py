"""Activations with the pass back through them. All work on shape (batch, units)."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Layer(Protocol):
    """What a network is made of; `backward` needs the `forward` before it."""

    def forward(self, inputs: Array) -> Array: ...

    def backward(self, d_outputs: Array) -> Array: ...


class ReLU:
    """max(0, x); its derivative is 0 where x <= 0 and else 1."""

    def forward(self, inputs: Array) -> Array:
        self.inputs = inputs
        return np.maximum(0, inputs)

    def backward(self, d_outputs: Array) -> Array:
        return np.where(self.inputs > 0, d_outputs, 0)


class Sigmoid:
    """1 / (1 + exp(-x)); its derivative is s (1 - s)."""

    def forward(self, inputs: Array) -> Array:
        self.outputs = sigmoid(inputs)
        return self.outputs

    def backward(self, d_outputs: Array) -> Array:
        return d_outputs * self.outputs * (1 - self.outputs)


class Tanh:
    """tanh(x); its derivative is 1 - tanh(x)²."""

    def forward(self, inputs: Array) -> Array:
        self.outputs = np.tanh(inputs)
        return self.outputs

    def backward(self, d_outputs: Array) -> Array:
        return d_outputs * (1 - self.outputs**2)


class Softmax:
    """exp(x_i) / Σ_j exp(x_j) along each row.

    The derivative of output i in input j is s_i (δ_ij - s_j): one Jacobian a sample.
    """

    def forward(self, inputs: Array) -> Array:
        self.outputs = softmax(inputs)
        return self.outputs

    def backward(self, d_outputs: Array) -> Array:
        s = self.outputs
        jacobians = s[:, :, None] * np.eye(s.shape[1]) - s[:, :, None] * s[:, None, :]
        return np.einsum("nij,nj->ni", jacobians, d_outputs)


def sigmoid(x: Array) -> Array:
    """The logistic function, without overflow for any x."""
    return 0.5 * (1 + np.tanh(x / 2))


def softmax(x: Array) -> Array:
    """Softmax of each row. The row's maximum is subtracted, which changes nothing but overflow."""
    exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)
