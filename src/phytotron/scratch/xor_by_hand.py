"""The 2-2-1 network for XOR, every derivative worked out by hand.

Hidden units z1 = f(i1) and z2 = f(i2), output z3 = σ(i3). For the binary cross-entropy C

    dC/di3 = z3 - y                     then dC/dw = (z3 - y) z_j, dC/db = z3 - y
    dC/di_j = (z3 - y) w_j f'(i_j)      then dC/dv = dC/di_j x,    dC/dc = dC/di_j

and all of it averaged over the samples. f is the sigmoid, f' = z (1 - z), or the identity, f' = 1:
with the latter the network is a linear model, and its best prediction for XOR is 0.5 everywhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from phytotron.scratch.activations import sigmoid

Array = NDArray[np.float64]


class Weights(NamedTuple):
    """A column of `v` a hidden unit."""

    v: Array  # (2, 2)
    c: Array  # (2,)
    w: Array  # (2,)
    b: Array  # (1,)


def forward(weights: Weights, x: Array, linear: bool) -> tuple[Array, Array]:
    """Samples, shape (samples, 2), to z1 and z2, shape (samples, 2), and z3, shape (samples,)."""
    z = x @ weights.v + weights.c
    if not linear:
        z = sigmoid(z)
    return z, sigmoid(z @ weights.w + weights.b)


def backward(weights: Weights, x: Array, y: Array, z: Array, z3: Array, linear: bool) -> Weights:
    """The gradient of the mean cross-entropy in each weight."""
    d3 = (z3 - y) / len(y)
    d = d3[:, None] * weights.w
    if not linear:
        d = d * z * (1 - z)
    return Weights(x.T @ d, d.sum(axis=0), d3 @ z, d3.sum(keepdims=True))


class XorNetwork(ClassifierMixin, BaseEstimator):
    """Gradient descent on all samples at once.

    The loss has local minima, in which two of the four answers are 0.5 and about one start in
    twenty ends: more starts, of which the best is kept, are the remedy.

    Args:
        hidden: `sigmoid` or `linear`.
        learning_rate: of every iteration.
        iterations: full passes of each start.
        starts: from other first weights, which are uniform in (0, 1); biases begin at zero.
        seed: of the first weights.

    Attributes:
        weights_: v, c, w, b.
        history_: mean loss and accuracy of the best start, ten times.
    """

    def __init__(
        self, *, hidden: str, learning_rate: float, iterations: int, starts: int, seed: int
    ) -> None:
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.iterations = iterations
        self.starts = starts
        self.seed = seed

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> XorNetwork:
        """Inputs of shape (samples, 2), targets 0 or 1 of shape (samples,)."""
        x = np.asarray(inputs, np.float64)
        y = np.asarray(targets, np.float64).ravel()
        self.classes_ = np.array([0, 1])
        random = np.random.default_rng(self.seed)
        descents = [self._descend(x, y, random) for _ in range(self.starts)]
        weights, self.history_ = min(descents, key=lambda found: found[1][-1]["train_loss"])
        self.weights_ = list(weights)
        return self

    def _descend(
        self, x: Array, y: Array, random: np.random.Generator
    ) -> tuple[Weights, list[dict[str, Any]]]:
        linear = self.hidden == "linear"
        weights = Weights(
            random.uniform(size=(2, 2)), np.zeros(2), random.uniform(size=2), np.zeros(1)
        )
        history = []
        every = max(self.iterations // 10, 1)
        for iteration in range(1, self.iterations + 1):
            z, z3 = forward(weights, x, linear)
            for values, gradient in zip(
                weights, backward(weights, x, y, z, z3, linear), strict=True
            ):
                values -= self.learning_rate * gradient
            if iteration % every == 0:
                p = forward(weights, x, linear)[1]
                loss = -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
                right = np.mean((p > 0.5) == y)
                history.append(
                    {
                        "epoch": iteration,
                        "train_loss": float(loss),
                        "train_accuracy": float(right),
                    }
                )
        return weights, history

    def predict_proba(self, inputs: ArrayLike) -> Array:
        """Probabilities of the classes 0 and 1, shape (samples, 2)."""
        x = np.asarray(inputs, np.float64)
        p = forward(Weights(*self.weights_), x, self.hidden == "linear")[1]
        return np.column_stack([1 - p, p])

    def predict(self, inputs: ArrayLike) -> NDArray[np.int64]:
        return (self.predict_proba(inputs)[:, 1] > 0.5).astype(np.int64)
