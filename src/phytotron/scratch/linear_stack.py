"""A stack of linear layers is one linear layer: depth needs nonlinear activations in between.

(X W1 + b1) W2 + b2 = X (W1 W2) + (b1 W2 + b2), and so on. With a sigmoid between the layers there
is no such W: that is what activations are for.

Sources: Pattanayak 2023, ch. 2; Vasilev 2023, ch. 2
Catalogue: C06
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def collapse(layers: Sequence[tuple[Array, Array]]) -> tuple[Array, Array]:
    """The one layer that equals a stack.

    Args:
        layers: weights (inputs, units) and biases (units,) of each layer, the first one first.
    """
    weights, biases = layers[0]
    for next_weights, next_biases in layers[1:]:
        weights, biases = weights @ next_weights, biases @ next_weights + next_biases
    return weights, biases
