"""Kernels: inner products in a space of features that is never entered (Aizerman et al., 1964).

    linear        x·z
    polynomial    (γ x·z + c)ᵈ     (x·z)² is the inner product of all products of two coordinates
    rbf           exp(-γ ‖x - z‖²)
    sigmoid       tanh(γ x·z + c)  no inner product for most γ and c, but in use

Each takes points of shapes (n, features) and (m, features) and gives shape (n, m).

Sources: Rajput 2023, ch. 5, ch. 4; Notes of several courses, Support vector machines; Vasilev 2023,
    ch. 1
Catalogue: B71, B72
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kernel = Callable[..., Array]


def linear(x: Array, z: Array) -> Array:
    return x @ z.T


def polynomial(
    x: Array, z: Array, gamma: float = 1.0, degree: int = 3, coef0: float = 0.0
) -> Array:
    return (gamma * x @ z.T + coef0) ** degree


def rbf(x: Array, z: Array, gamma: float = 1.0) -> Array:
    return np.exp(-gamma * ((x[:, None] - z) ** 2).sum(axis=-1))


def sigmoid(x: Array, z: Array, gamma: float = 1.0, coef0: float = 0.0) -> Array:
    return np.tanh(gamma * x @ z.T + coef0)


KERNELS: dict[str, Kernel] = {
    "linear": linear,
    "polynomial": polynomial,
    "rbf": rbf,
    "sigmoid": sigmoid,
}


def quadratic_features(x: Array) -> Array:
    """(x1, x2) to (x1², √2 x1 x2, x2²), whose inner product is (x·z)²; shapes (n, 2) to (n, 3)."""
    return np.stack([x[:, 0] ** 2, np.sqrt(2) * x[:, 0] * x[:, 1], x[:, 1] ** 2], axis=1)
