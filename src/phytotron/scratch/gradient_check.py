"""Gradient checking: gradients against two-sided differences of the loss, to about seven digits.

Sources: Notes of several courses, Setting up an ML application
Catalogue: C24
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def numerical_gradients(
    loss: Callable[[], float], parameters: Sequence[Array], epsilon: float = 1e-5
) -> list[Array]:
    """(J(θ + ε) - J(θ - ε)) / 2ε for each number of each parameter.

    Args:
        loss: reads the parameters, which are changed in place and put back.
        parameters: float64; in float32 the difference drowns in rounding.
        epsilon: the error falls with its square, the rounding grows with its inverse.
    """
    found = []
    for values in parameters:
        gradient = np.empty_like(values)
        for index in np.ndindex(values.shape):
            before = values[index]
            values[index] = before + epsilon
            above = loss()
            values[index] = before - epsilon
            below = loss()
            values[index] = before
            gradient[index] = (above - below) / (2 * epsilon)
        found.append(gradient)
    return found


def relative_error(gradient: Array, reference: Array) -> float:
    """‖g - r‖ / (‖g‖ + ‖r‖): below 1e-7 is right, above 1e-3 is wrong, between lies a kink."""
    scale = np.linalg.norm(gradient) + np.linalg.norm(reference)
    return float(np.linalg.norm(gradient - reference) / scale) if scale else 0.0
