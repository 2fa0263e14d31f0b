"""The artificial neuron: a weighted sum, a bias, an activation.

Only the activation tells a linear regression, a logistic regression and a perceptron apart.

Sources: Rajput 2023, ch. 6; Vasilev 2023, ch. 2; Notes of a neural-network module, NN-1
    Introduction
Catalogue: C07
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike


def identity(a: float) -> float:
    """With it, the neuron is a linear regression."""
    return a


def sigmoid(a: float) -> float:
    """With it, the neuron is a logistic regression: the probability of class 1."""
    return 0.5 * (1 + math.tanh(a / 2))  # 1 / (1 + exp(-a)), which would overflow for a << 0


def step(a: float) -> float:
    """With it, the neuron is a perceptron; on the boundary it gives 0."""
    return float(a > 0)


def neuron(
    inputs: Sequence[float],
    weights: Sequence[float],
    bias: float,
    activation: Callable[[float], float] = identity,
) -> float:
    """activation(w · x + b), in Python alone."""
    total = bias
    for x, w in zip(inputs, weights, strict=True):
        total += x * w
    return activation(total)


def numpy_neuron(
    inputs: ArrayLike,
    weights: ArrayLike,
    bias: float,
    activation: Callable[[float], float] = identity,
) -> float:
    """The same with a dot product; inputs and weights have shape (inputs,)."""
    return activation(float(np.dot(weights, inputs)) + bias)
