"""One weight, whose cost is a polynomial."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Float


class PolynomialCost(nn.Module):
    """The value of each polynomial at the weight.

    Args:
        start: where the weight begins.
    """

    def __init__(self, *, start: float) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(float(start)))

    def forward(self, coefficients: Float[Tensor, "batch n"]) -> Float[Tensor, " batch"]:
        """Coefficients, shape (batch, n), the highest power first, to costs, shape (batch,)."""
        cost = torch.zeros_like(coefficients[:, 0])
        for column in coefficients.T:  # Horner's scheme
            cost = cost * self.w + column
        return cost
