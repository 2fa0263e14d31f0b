"""XOR, which no single perceptron computes, from three: OR and not AND.

Each hidden perceptron draws a line; the output perceptron takes the strip between the two.

Sources: Pattanayak 2023, ch. 2
Catalogue: C05
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phytotron.scratch.perceptron import predictions

# Bias first.
OR = np.array([-0.5, 1, 1])
AND = np.array([-1.5, 1, 1])
OR_AND_NOT_AND = np.array([-0.5, 1, -1])


def xor(inputs: ArrayLike) -> NDArray[np.int64]:
    """Pairs of 0 and 1, shape (samples, 2), to their XOR, shape (samples,)."""
    hidden = np.column_stack([predictions(OR, inputs), predictions(AND, inputs)])
    return predictions(OR_AND_NOT_AND, hidden)
