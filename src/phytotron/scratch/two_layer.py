"""A network with one hidden layer in its six equations, examples as columns.

forward    Z1 = W1 X + b1,  A1 = tanh(Z1),  Z2 = W2 A1 + b2,  A2 = σ(Z2)
backward   dZ2 = A2 - Y             dW2 = dZ2 A1ᵀ / m    db2 = Σ dZ2 / m
           dZ1 = W2ᵀ dZ2 ⊙ (1 - A1²)  dW1 = dZ1 Xᵀ / m     db1 = Σ dZ1 / m
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from phytotron.scratch.activations import sigmoid

Array = NDArray[np.float64]


class Weights(NamedTuple):
    """A row a unit; biases are columns."""

    w1: Array  # (hidden, features)
    b1: Array  # (hidden, 1)
    w2: Array  # (1, hidden)
    b2: Array  # (1, 1)


def forward(weights: Weights, x: Array) -> tuple[Array, Array]:
    """Examples, shape (features, m), to A1, shape (hidden, m), and A2, shape (1, m)."""
    a1 = np.tanh(weights.w1 @ x + weights.b1)
    return a1, sigmoid(weights.w2 @ a1 + weights.b2)


def backward(weights: Weights, x: Array, y: Array, a1: Array, a2: Array) -> Weights:
    """The gradient of the mean binary cross-entropy in each weight."""
    m = x.shape[1]
    dz2 = a2 - y
    dz1 = weights.w2.T @ dz2 * (1 - a1**2)
    return Weights(
        w1=dz1 @ x.T / m,
        b1=dz1.sum(axis=1, keepdims=True) / m,
        w2=dz2 @ a1.T / m,
        b2=dz2.sum(axis=1, keepdims=True) / m,
    )


def cost(a2: Array, y: Array) -> float:
    """Mean binary cross-entropy."""
    p = np.clip(a2, 1e-12, 1 - 1e-12)
    return float(-(y * np.log(p) + (1 - y) * np.log(1 - p)).mean())


class TwoLayerNetwork(ClassifierMixin, BaseEstimator):
    """Two classes, gradient descent on all examples at once.

    Args:
        hidden: tanh units.
        learning_rate: of every iteration.
        iterations: full passes.
        scale: standard deviation of the first weights; biases begin at zero.
        seed: of the first weights.

    Attributes:
        weights_: W1, b1, W2, b2.
        history_: the cost at every hundredth part of the iterations.
    """

    def __init__(
        self, *, hidden: int, learning_rate: float, iterations: int, scale: float, seed: int
    ) -> None:
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.iterations = iterations
        self.scale = scale
        self.seed = seed

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> TwoLayerNetwork:
        """Inputs of shape (m, features), targets 0 or 1 of shape (m,)."""
        x = np.asarray(inputs, np.float64).T
        y = np.asarray(targets, np.float64).reshape(1, -1)
        self.classes_ = np.array([0, 1])
        random = np.random.default_rng(self.seed)
        weights = Weights(
            w1=self.scale * random.standard_normal((self.hidden, len(x))),
            b1=np.zeros((self.hidden, 1)),
            w2=self.scale * random.standard_normal((1, self.hidden)),
            b2=np.zeros((1, 1)),
        )
        self.history_ = []
        for iteration in range(self.iterations):
            a1, a2 = forward(weights, x)
            if iteration % max(self.iterations // 100, 1) == 0:
                accuracy = float(np.mean((a2 > 0.5) == y))
                row = {"epoch": iteration, "train_loss": cost(a2, y), "train_accuracy": accuracy}
                self.history_.append(row)
            gradients = backward(weights, x, y, a1, a2)
            for values, gradient in zip(weights, gradients, strict=True):
                values -= self.learning_rate * gradient
        self.weights_ = list(weights)
        return self

    def predict_proba(self, inputs: ArrayLike) -> Array:
        """Probabilities of the classes 0 and 1, shape (m, 2)."""
        p = forward(Weights(*self.weights_), np.asarray(inputs, np.float64).T)[1][0]
        return np.column_stack([1 - p, p])

    def predict(self, inputs: ArrayLike) -> NDArray[np.int64]:
        return (self.predict_proba(inputs)[:, 1] > 0.5).astype(np.int64)
