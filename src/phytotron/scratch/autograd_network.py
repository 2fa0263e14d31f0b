"""A network without a written pass back: `graph` differentiates its loss."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from phytotron.scratch.graph import Tensor
from phytotron.scratch.losses import one_hot
from phytotron.scratch.update_rules import RULES, State

Array = NDArray[np.float64]


def scores(inputs: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    """Dense layers with tanh between them.

    Args:
        inputs: shape (batch, features).
        parameters: weights, shape (inputs, units), and biases, shape (1, units), of each layer.

    Returns:
        Shape (batch, units of the last layer).
    """
    for weights, biases in zip(parameters[::2], parameters[1::2], strict=True):
        if weights is not parameters[0]:
            inputs = inputs.tanh()
        inputs = inputs @ weights + biases
    return inputs


def cross_entropy(scores: Tensor, targets: ArrayLike) -> Tensor:
    """The mean over the samples of ln Σ exp(z) - z_target: a number.

    Args:
        scores: z, shape (batch, classes).
        targets: one-hot, shape (batch, classes).
    """
    # Softmax stays the same when a constant is subtracted, and nothing overflows.
    z = scores - Tensor(scores.data.max(axis=1, keepdims=True), "max")
    log_probabilities = z - z.exp().sum(1, keepdims=True).log()
    return -(log_probabilities * Tensor(targets, "targets")).sum() / len(scores.data)


class AutogradNetwork(ClassifierMixin, BaseEstimator):
    """A classifier of tanh layers, trained on all samples at once.

    Args:
        hidden: units of each hidden layer.
        rule: the optimizer, a key of `phytotron.scratch.update_rules.RULES`.
        learning_rate: of every update.
        epochs: updates.
        seed: of the first weights, normal with standard deviation 1 / √inputs of their layer.

    Attributes:
        parameters_: weights and biases of each layer, see `scores`.
        history_: loss and accuracy on the training samples before each update.
    """

    def __init__(
        self, *, hidden: Sequence[int], rule: str, learning_rate: float, epochs: int, seed: int
    ) -> None:
        self.hidden = hidden
        self.rule = rule
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.seed = seed

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> AutogradNetwork:
        """Inputs of shape (samples, features), class ids from 0 of shape (samples,)."""
        x, y = np.asarray(inputs, np.float64), np.asarray(targets)
        self.classes_ = np.arange(y.max() + 1)
        random = np.random.default_rng(self.seed)
        self.parameters_: list[Array] = []
        for n, units in pairwise([x.shape[1], *self.hidden, len(self.classes_)]):
            self.parameters_.append(random.standard_normal((n, units)) / np.sqrt(n))
            self.parameters_.append(np.zeros((1, units)))
        states: list[State] = [{} for _ in self.parameters_]
        self.history_: list[dict[str, Any]] = []
        for epoch in range(self.epochs):
            tensors = [Tensor(values) for values in self.parameters_]
            outputs = scores(Tensor(x), tensors)
            loss = cross_entropy(outputs, one_hot(y, len(self.classes_)))
            loss.backward()
            right = float(np.mean(outputs.data.argmax(axis=1) == y))
            row = {"epoch": epoch, "train_loss": loss.data.item(), "train_accuracy": right}
            self.history_.append(row)
            self.parameters_ = [
                RULES[self.rule](one.data, one.grad, state, epoch + 1, lr=self.learning_rate)
                for one, state in zip(tensors, states, strict=True)
            ]
        return self

    def loss(self, inputs: ArrayLike, targets: ArrayLike) -> Tensor:
        """The loss with its graph, inputs and parameters named; arguments as in `fit`."""
        names = (f"{kind}{n // 2 + 1}" for n, kind in enumerate("Wb" * len(self.parameters_)))
        tensors = [Tensor(v, name) for v, name in zip(self.parameters_, names, strict=False)]
        y = one_hot(np.asarray(targets), len(self.classes_))
        return cross_entropy(scores(Tensor(inputs, "inputs"), tensors), y)

    def predict_proba(self, inputs: ArrayLike) -> Array:
        """Shape (samples, features) to probabilities, shape (samples, classes)."""
        z = scores(Tensor(inputs), [Tensor(values) for values in self.parameters_]).data
        powers = np.exp(z - z.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)

    def predict(self, inputs: ArrayLike) -> NDArray[np.int64]:
        return self.predict_proba(inputs).argmax(axis=1)
