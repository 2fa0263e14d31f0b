"""A network with any number of layers: ReLUs inside, a sigmoid at the end.

Widths (3, 5, 5, 3, 1) mean 3 inputs, three hidden layers and one output. With m samples as rows,
layer l with n units and k inputs has

    W (k, n)    b (1, n)    Z and A (m, n)    and each gradient the shape of what it belongs to.

Biases begin at zero and weights with variance 2 / k (He et al., 2015): with a fixed small scale the
signal fades with every layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from phytotron.scratch.backpropagation import Weights, activations, gradients
from phytotron.scratch.two_layer import cost

Array = NDArray[np.float64]


class LLayerNetwork(ClassifierMixin, BaseEstimator):
    """Two classes, gradient descent on all samples at once.

    Args:
        hidden: units of each hidden layer.
        learning_rate: of every iteration.
        iterations: full passes.
        seed: of the first weights.

    Attributes:
        parameters_: weights and biases in turn, the first layer first.
        history_: the cost at every hundredth part of the iterations.
    """

    def __init__(
        self, *, hidden: Sequence[int], learning_rate: float, iterations: int, seed: int
    ) -> None:
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.iterations = iterations
        self.seed = seed

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> LLayerNetwork:
        """Inputs of shape (m, features), targets 0 or 1 of shape (m,)."""
        x = np.asarray(inputs, np.float64)
        y = np.asarray(targets, np.float64).reshape(-1, 1)
        self.classes_ = np.array([0, 1])
        random = np.random.default_rng(self.seed)
        layers = [
            (np.sqrt(2 / before) * random.standard_normal((before, units)), np.zeros((1, units)))
            for before, units in pairwise([x.shape[1], *self.hidden, 1])
        ]
        self.history_ = []
        for iteration in range(self.iterations):
            found = activations(x, layers, "relu", "sigmoid")
            if iteration % max(self.iterations // 100, 1) == 0:
                accuracy = float(np.mean((found[-1] > 0.5) == y))
                loss = cost(found[-1], y)
                self.history_.append(
                    {"epoch": iteration, "train_loss": loss, "train_accuracy": accuracy}
                )
            changes = gradients(found, y, layers, "relu")
            for (weights, biases), (d_weights, d_biases) in zip(layers, changes, strict=True):
                weights -= self.learning_rate * d_weights
                biases -= self.learning_rate * d_biases
        self.parameters_ = [values for layer in layers for values in layer]
        return self

    def predict_proba(self, inputs: ArrayLike) -> Array:
        """Probabilities of the classes 0 and 1, shape (m, 2)."""
        pairs = iter(self.parameters_)
        layers: list[Weights] = list(zip(pairs, pairs, strict=True))
        x = np.asarray(inputs, np.float64)
        p = activations(x, layers, "relu", "sigmoid")[-1][:, 0]
        return np.column_stack([1 - p, p])

    def predict(self, inputs: ArrayLike) -> NDArray[np.int64]:
        return (self.predict_proba(inputs)[:, 1] > 0.5).astype(np.int64)
