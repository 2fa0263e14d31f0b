"""A cost function as data: the coefficients of a polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from phytotron.data.arrays import ArrayDataModule


class Coefficients(NamedTuple):
    """Samples that are polynomials.

    Attributes:
        coefficients: the highest power first, float32, shape (samples, coefficients).
    """

    coefficients: Tensor


def coefficients(
    *, values: Sequence[float], repeats: int, batch_size: int | None, seed: int, tiny: bool = False
) -> ArrayDataModule:
    """The same polynomial in every sample; the test has it once.

    Args:
        values: the highest power first.
        repeats: samples of an epoch.
        batch_size, seed: see `ArrayDataModule`.
        tiny: at most 64 samples.
    """
    row = torch.tensor([list(map(float, values))])
    return ArrayDataModule(
        Coefficients(row.repeat(min(repeats, 64) if tiny else repeats, 1)),
        Coefficients(row),
        batch_size=batch_size,
        seed=seed,
    )
