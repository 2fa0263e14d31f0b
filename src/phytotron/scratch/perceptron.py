"""The perceptron and its learning rule.

F. Rosenblatt, The Perceptron: A Probabilistic Model, 1958. It predicts 1 where w · (1, x) > 0;
points on the boundary are class 0. A misclassified sample of class 1 is added to the weights, one
of class 0 is subtracted. If a line separates the classes this ends without errors after finitely
many mistakes (Novikoff, 1962); if none does, as for XOR, it never terminates.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

Array = NDArray[np.float64]


def with_bias(inputs: ArrayLike) -> Array:
    """A column of ones in front, so that the first weight is the bias: (samples, 1 + features)."""
    inputs = np.asarray(inputs, np.float64)
    return np.column_stack([np.ones(len(inputs)), inputs])


def predictions(weights: Array, inputs: ArrayLike) -> NDArray[np.int64]:
    """The class of each sample, shape (samples,)."""
    return (with_bias(inputs) @ weights > 0).astype(np.int64)


def one_pass(weights: Array, inputs: ArrayLike, targets: ArrayLike) -> Iterator[Array]:
    """The weights after each sample, in the order given. `weights` itself is left alone."""
    for x, target in zip(with_bias(inputs), np.asarray(targets), strict=True):
        predicted = int(weights @ x > 0)
        weights = weights + (target - predicted) * x  # + x, - x, or nothing
        yield weights


class Perceptron(ClassifierMixin, BaseEstimator):
    """The learning rule, pass after pass, until a pass has no errors.

    Args:
        passes: maximum number of passes.
        order: of the samples in each pass, such as [2, 1, 3, 0]; None: as in the data.
        weight_std: standard deviation of the initial weights; 0 for zeros.
        seed: of the first weights.

    Attributes:
        weights_: bias first, shape (1 + features,).
        path_: the weights after each pass.
        cycles_: whether the weights after the last pass equal those after an earlier one and
            still make mistakes: from there on the passes repeat.
        history_: accuracy on the training samples after each pass.
    """

    def __init__(
        self, *, passes: int, order: Sequence[int] | None, weight_std: float, seed: int
    ) -> None:
        self.passes = passes
        self.order = order
        self.weight_std = weight_std
        self.seed = seed

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> Perceptron:
        """Inputs of shape (samples, features), targets 0 or 1 of shape (samples,)."""
        inputs, targets = np.asarray(inputs, np.float64), np.asarray(targets).ravel()
        if self.order is not None:
            inputs, targets = inputs[list(self.order)], targets[list(self.order)]
        self.classes_ = np.array([0, 1])
        random = np.random.default_rng(self.seed)
        weights = self.weight_std * random.standard_normal(1 + inputs.shape[1])
        self.path_: list[list[float]] = []
        self.history_ = []
        for number in range(self.passes):
            *_, weights = one_pass(weights, inputs, targets)
            self.path_.append(weights.tolist())
            right = float(np.mean(predictions(weights, inputs) == targets))
            self.history_.append({"epoch": number, "train_accuracy": right})
            if right == 1:
                break
        self.weights_ = weights
        self.cycles_ = right < 1 and self.path_[-1] in self.path_[:-1]
        return self

    def predict(self, inputs: ArrayLike) -> NDArray[np.int64]:
        return predictions(self.weights_, inputs)
