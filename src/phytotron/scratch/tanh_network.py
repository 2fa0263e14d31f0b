"""A network of tanh units, trained on one random sample at a time.

The derivative of tanh is written in the activated value y, 1 - y²; applying tanh to y once more is
a well-known slip. The bias is the last row of each weight matrix, for an input that is always 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

Array = NDArray[np.float64]


class TanhNetwork(ClassifierMixin, BaseEstimator):
    """Layers of tanh units for two classes, whose labels 0 and 1 are the wanted outputs.

    Args:
        hidden: units of each hidden layer.
        learning_rate: of every update.
        epochs: of `steps_per_epoch` updates, each from one sample drawn at random.
        steps_per_epoch: updates.
        seed: of the first weights, uniform in (-1, 1), and of the order of the samples.

    Attributes:
        weights_: of each layer, shape (inputs + 1, units).
        history_: mean squared error and accuracy after each epoch.
    """

    def __init__(
        self,
        *,
        hidden: Sequence[int],
        learning_rate: float,
        epochs: int,
        steps_per_epoch: int,
        seed: int,
    ) -> None:
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.steps_per_epoch = steps_per_epoch
        self.seed = seed

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> TanhNetwork:
        """Inputs of shape (samples, features), targets 0 or 1 of shape (samples,)."""
        x = np.asarray(inputs, np.float64)
        y = np.asarray(targets, np.float64).ravel()
        self.classes_ = np.array([0, 1])
        random = np.random.default_rng(self.seed)
        widths = [x.shape[1], *self.hidden, 1]
        self.weights_ = [random.uniform(-1, 1, (n + 1, units)) for n, units in pairwise(widths)]
        self.history_ = []
        for epoch in range(self.epochs):
            for row in random.integers(len(x), size=self.steps_per_epoch):
                self._learn(x[row], y[row])
            outputs = self.decision_function(x)
            error = float(np.mean((outputs - y) ** 2))
            right = float(np.mean((outputs > 0.5) == y))
            self.history_.append({"epoch": epoch, "train_loss": error, "train_accuracy": right})
        return self

    def _learn(self, x: Array, y: float) -> None:
        """One update for half the squared error of one sample, shape (features,)."""
        given = []  # to each layer, with the 1 of the bias
        for weights in self.weights_:
            given.append(np.append(x, 1))
            x = np.tanh(given[-1] @ weights)
        delta = (x - y) * (1 - x**2)
        for weights, inputs in zip(reversed(self.weights_), reversed(given), strict=True):
            below = (weights @ delta * (1 - inputs**2))[:-1]
            weights -= self.learning_rate * np.outer(inputs, delta)
            delta = below

    def decision_function(self, inputs: ArrayLike) -> Array:
        """The output for each sample, shape (samples,): near 0 or near 1."""
        x = np.asarray(inputs, np.float64)
        for weights in self.weights_:
            x = np.tanh(x @ weights[:-1] + weights[-1])
        return x[:, 0]

    def predict(self, inputs: ArrayLike) -> NDArray[np.int64]:
        return (self.decision_function(inputs) > 0.5).astype(np.int64)
