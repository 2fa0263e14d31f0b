"""Two dense layers in sequence, with numbers to follow by hand: 4 -> 3 -> 3.

There is no activation between them yet; `linear_stack` shows what that is worth.

Sources: Rajput 2023, ch. 6
Catalogue: C09
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phytotron.scratch.dense_forms import batch

FIRST_WEIGHTS = np.array([[0.1, 0.8, -0.5, 1.1], [0.5, -0.1, 0.6, -0.5], [-0.46, -0.27, 0.17, 0.8]])
FIRST_BIASES = np.array([1, 2, 0.5])
SECOND_WEIGHTS = np.array([[0.11, 0.18, -0.15], [0.5, -0.7, 0.9], [-0.4, -0.7, 0.19]])
SECOND_BIASES = np.array([-1, 2, 0.2])


def forward(x: ArrayLike) -> NDArray[np.float64]:
    """Samples, shape (batch, 4), to outputs, shape (batch, 3)."""
    hidden = batch(x, FIRST_WEIGHTS, FIRST_BIASES)
    return batch(hidden, SECOND_WEIGHTS, SECOND_BIASES)
