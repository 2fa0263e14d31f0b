"""One dense layer in five ways of writing it: all give the same numbers.

`weights` has one row a unit, shape (units, inputs), and `biases` shape (units,).

Sources: Rajput 2023, ch. 6; Vasilev 2023, ch. 2
Catalogue: C08
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def unrolled(
    x: Sequence[float], weights: Sequence[Sequence[float]], biases: Sequence[float]
) -> list[float]:
    """Four inputs and three units, every product written out."""
    w1, w2, w3 = weights
    return [
        x[0] * w1[0] + x[1] * w1[1] + x[2] * w1[2] + x[3] * w1[3] + biases[0],
        x[0] * w2[0] + x[1] * w2[1] + x[2] * w2[2] + x[3] * w2[3] + biases[1],
        x[0] * w3[0] + x[1] * w3[1] + x[2] * w3[2] + x[3] * w3[3] + biases[2],
    ]


def loops(
    x: Sequence[float], weights: Sequence[Sequence[float]], biases: Sequence[float]
) -> list[float]:
    """Any number of inputs and units: a loop over units, and in it one over inputs."""
    outputs = []
    for row, bias in zip(weights, biases, strict=True):
        total = bias
        for value, weight in zip(x, row, strict=True):
            total += value * weight
        outputs.append(total)
    return outputs


def matrix(x: ArrayLike, weights: ArrayLike, biases: ArrayLike) -> Array:
    """One sample, shape (inputs,), to shape (units,): W x + b."""
    return np.asarray(weights) @ np.asarray(x) + np.asarray(biases)


def batch(x: ArrayLike, weights: ArrayLike, biases: ArrayLike) -> Array:
    """Samples as rows, shape (batch, inputs), to shape (batch, units): X Wᵀ + b."""
    return np.asarray(x) @ np.asarray(weights).T + np.asarray(biases)


def folded(x: ArrayLike, weights: ArrayLike, biases: ArrayLike) -> Array:
    """The batch form with the bias as one more weight, of an input that is always 1."""
    x = np.asarray(x)
    ones = np.ones((len(x), 1))
    return np.hstack([x, ones]) @ np.column_stack([weights, biases]).T
