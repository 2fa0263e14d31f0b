"""The linear SVM with a soft margin, trained by its loss instead of its dual.

    min  ½ ‖w‖² + C Σ ξᵢ,    ξᵢ = max(0, 1 - yᵢ w·xᵢ)

The slack ξ is the hinge loss of a linear score, ½ ‖w‖² is weight decay, and C says how much slack
counts against a wide margin. Divided by n C this is λ/2 ‖w‖² + the mean hinge loss, λ = 1 / (n C).
Steps of 1 / (λ t) along a subgradient (Shalev-Shwartz et al., Pegasos, 2007) reach the minimum,
since the objective is strongly convex; the last half of the path is averaged. The bias is the
weight of a constant feature 1, and decays like the others, as in LIBLINEAR.

Sources: Vasilev 2023, ch. 1; Notes of a neural-network module, NN-1 Introduction
Catalogue: B70
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

Array = NDArray[np.float64]


def objective(weights: Array, x: Array, y: Array, cost: float) -> float:
    """½ ‖w‖² + C Σ ξ; x has shape (samples, features), y is 1 or -1."""
    slack = np.maximum(0, 1 - y * (x @ weights))
    return float(weights @ weights / 2 + cost * slack.sum())


def pegasos(x: Array, y: Array, cost: float, updates: int) -> Array:
    """The weights, shape (features,), after that many updates from all samples."""
    decay = 1 / (len(x) * cost)
    weights, average = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    kept = 0
    for t in range(1, updates + 1):
        missed = y * (x @ weights) < 1  # the others have no slack, and no gradient
        gradient = decay * weights - (y * missed) @ x / len(x)
        weights = weights - gradient / (decay * t)
        if 2 * t > updates:
            kept += 1
            average += (weights - average) / kept
    return average


class LinearSVM(ClassifierMixin, BaseEstimator):
    """A linear classifier of two classes.

    Args:
        cost: C.
        updates: each from all samples.

    Attributes:
        weights_: shape (features + 1,); the last one is the bias.
        classes_: the two classes; the second one is that of positive scores.
    """

    def __init__(self, *, cost: float = 1.0, updates: int = 5000) -> None:
        self.cost = cost
        self.updates = updates

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> LinearSVM:
        """Inputs of shape (samples, features), classes of shape (samples,)."""
        self.classes_, numbers = np.unique(np.asarray(targets), return_inverse=True)
        self.weights_ = pegasos(
            _with_one(inputs), np.where(numbers == 1, 1.0, -1.0), self.cost, self.updates
        )
        return self

    def decision_function(self, inputs: ArrayLike) -> Array:
        """w·x + b, shape (samples,)."""
        return _with_one(inputs) @ self.weights_

    def predict(self, inputs: ArrayLike) -> NDArray:
        return self.classes_[(self.decision_function(inputs) > 0).astype(int)]


def _with_one(inputs: ArrayLike) -> Array:
    x = np.asarray(inputs, np.float64)
    return np.column_stack([x, np.ones(len(x))])
