"""The network with one hidden layer, y = W σ(V x + β), and its cousins for classes.

Sources: Rajput 2023, ch. 1; Vasilev 2023, ch. 2
Catalogue: C18
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from phytotron.scratch.activations import Layer, ReLU, Sigmoid, Softmax
from phytotron.scratch.layers import Dense
from phytotron.scratch.losses import CrossEntropy, MeanSquaredError
from phytotron.scratch.network import Network

Array = NDArray[np.float64]


def one_hidden_layer(x: Array, hidden: Array, shift: Array, output: Array) -> Array:
    """y = W σ(V x + β) for one sample.

    Args:
        x: shape (m,).
        hidden: V, shape (n_h, m).
        shift: β, shape (n_h,).
        output: W, shape (l, n_h).

    Returns:
        Shape (l,).
    """
    return output @ Sigmoid().forward(hidden @ x + shift)


def one_hidden_layer_by_index(x: Array, hidden: Array, shift: Array, output: Array) -> Array:
    """The same, one number after the other: y_k = Σ_j W_kj σ(Σ_i V_ji x_i + β_j)."""
    units = [
        1 / (1 + np.exp(-(sum(v * value for v, value in zip(row, x, strict=True)) + beta)))
        for row, beta in zip(hidden, shift, strict=True)
    ]
    return np.array([sum(w * u for w, u in zip(row, units, strict=True)) for row in output])


def two_two_one(random: np.random.Generator) -> Network:
    """Two ReLUs and a sigmoid: the probability of one of two classes, shape (batch, 1)."""
    layers: list[Layer] = [Dense(2, 2, random), ReLU(), Dense(2, 1, random), Sigmoid()]
    return Network(layers, MeanSquaredError())


def two_hidden_layers(inputs: int, first: int, second: int, random: np.random.Generator) -> Network:
    """`inputs` values, two hidden layers, two classes that share the probability."""
    layers: list[Layer] = [
        Dense(inputs, first, random),
        ReLU(),
        Dense(first, second, random),
        ReLU(),
        Dense(second, 2, random),
        Softmax(),
    ]
    return Network(layers, CrossEntropy())
