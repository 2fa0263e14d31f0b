"""The exponential moving average of a series.

Sources: Notes of several courses, Optimisation algorithms; Notes of a neural-network module,
    Optimisers
Catalogue: D56
"""

from __future__ import annotations

from torch import Tensor


def moving_average(values: Tensor, beta: float, *, corrected: bool = False) -> Tensor:
    """v_t = β v_{t−1} + (1 − β) x_t, from v_0 = 0.

    It averages over about 1 / (1 − β) values: β^(1 / (1 − β)) is about 1 / e.

    Args:
        values: shape (steps, ...).
        beta: how much of the average stays, in [0, 1).
        corrected: divide by 1 − β^t, which takes away the pull towards the start at 0: with it
            the first average is the first value, as in Adam (Kingma and Ba, 2015, section 3).

    Returns:
        The averages, of the shape of `values`.

    Raises:
        ValueError: beta is not in [0, 1).
    """
    if not 0 <= beta < 1:
        raise ValueError(f"beta is {beta}; it must be from 0 to below 1")
    averages, average = values.clone(), values.new_zeros(values.shape[1:])
    for step, value in enumerate(values, 1):
        average = beta * average + (1 - beta) * value
        averages[step - 1] = average / (1 - beta**step) if corrected else average
    return averages
