"""Losses with their gradients: the mean over the samples of a batch.

With the activations of `activations` these are ReLU, softmax and cross-entropy, each with its own
backward pass. The joint gradient of softmax and cross-entropy, (s - y) / n, is shorter and does not
divide by a probability; `SoftmaxCrossEntropy` has it.

Sources: Rajput 2023, ch. 6, ch. 7
Catalogue: C11
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from phytotron.scratch.activations import sigmoid, softmax

Array = NDArray[np.float64]

# Probabilities are clipped to this distance from 0 and 1: the logarithm of 0 is infinite.
SMALLEST = 1e-7


class Loss(Protocol):
    """`backward` gives the gradient in the predictions of the `forward` before it."""

    def forward(self, predictions: Array, targets: NDArray) -> float: ...

    def backward(self) -> Array: ...


def one_hot(targets: NDArray, num_classes: int) -> Array:
    """Class ids, shape (batch,), to shape (batch, num_classes); one-hot targets stay."""
    if targets.ndim == 2:
        return targets.astype(np.float64)
    return np.eye(num_classes)[targets]


class CrossEntropy:
    """-Σ y log p of probabilities p, shape (batch, classes); targets are ids or one-hot."""

    def forward(self, predictions: Array, targets: NDArray) -> float:
        self.p = np.clip(predictions, SMALLEST, 1 - SMALLEST)
        self.y = one_hot(targets, predictions.shape[1])
        return float(-(self.y * np.log(self.p)).sum(axis=1).mean())

    def backward(self) -> Array:
        return -self.y / self.p / len(self.y)


class SoftmaxCrossEntropy:
    """Cross-entropy of softmax(z), from the scores z of shape (batch, classes)."""

    def forward(self, predictions: Array, targets: NDArray) -> float:
        self.p = softmax(predictions)
        self.y = one_hot(targets, predictions.shape[1])
        likely = np.maximum((self.p * self.y).sum(axis=1), SMALLEST)
        return float(-np.log(likely).mean())

    def backward(self) -> Array:
        return (self.p - self.y) / len(self.y)


class SigmoidCrossEntropy:
    """Binary cross-entropy of sigmoid(z), summed over the outputs: independent binary decisions.

    Scores z and targets (0 or 1) have shape (batch, outputs). log(1 + exp(z)) - z y needs no
    clipping.
    """

    def forward(self, predictions: Array, targets: NDArray) -> float:
        self.p, self.y = sigmoid(predictions), targets
        return float((np.logaddexp(0, predictions) - predictions * targets).sum(axis=1).mean())

    def backward(self) -> Array:
        return (self.p - self.y) / len(self.y)


class MeanSquaredError:
    """The mean of (p - y)² over samples and outputs; both have shape (batch, outputs)."""

    def forward(self, predictions: Array, targets: NDArray) -> float:
        self.difference = predictions - targets
        return float(np.mean(self.difference**2))

    def backward(self) -> Array:
        return 2 * self.difference / self.difference.size
