"""A cost function as data: the coefficients of a polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from phytotron.data.arrays import Splits


class Coefficients(NamedTuple):
    """Samples that are polynomials.

    Attributes:
        coefficients: the highest power first, float32, shape (samples, coefficients).
    """

    coefficients: Tensor


def coefficients(*, values: Sequence[float], repeats: int, tiny: bool = False) -> Splits:
    """The same polynomial in every sample; the test has it once.

    Args:
        values: the highest power first.
        repeats: samples of an epoch.
        tiny: at most 64 samples.
    """
    row = torch.tensor([list(map(float, values))])
    repeats = min(repeats, 64) if tiny else repeats
    return Splits(Coefficients(row.repeat(repeats, 1)), Coefficients(row))
