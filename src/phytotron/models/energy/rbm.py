"""The restricted Boltzmann machine of binary units (Smolensky, 1986; Hinton, 2002)."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phytotron.nn.shapes import Float


class RestrictedBoltzmannMachine(nn.Module):
    """p(v, h) is proportional to exp(h W v + b v + c h), with v and h of zeros and ones.

    Units of one layer have no connections among themselves: given the other layer they are
    independent, and so a whole layer is drawn at once.

    Args:
        input_shape: of a sample, whose numbers are the visible units.
        hidden: hidden units.

    Attributes:
        weight: W, shape (hidden, visible).
        visible_bias, hidden_bias: b and c.
    """

    def __init__(self, *, input_shape: Sequence[int], hidden: int) -> None:
        super().__init__()
        visible = math.prod(input_shape)
        self.weight = nn.Parameter(0.1 * torch.randn(hidden, visible))
        self.visible_bias = nn.Parameter(torch.zeros(visible))
        self.hidden_bias = nn.Parameter(torch.zeros(hidden))

    def forward(self, visible: Float[Tensor, "batch visible"]) -> Float[Tensor, "batch hidden"]:
        """p(h = 1 | v), shape (batch, hidden), of v of shape (batch, visible)."""
        return F.linear(visible, self.weight, self.hidden_bias).sigmoid()

    def back(self, hidden: Float[Tensor, "batch hidden"]) -> Float[Tensor, "batch visible"]:
        """p(v = 1 | h), shape (batch, visible), of h of shape (batch, hidden)."""
        return F.linear(hidden, self.weight.T, self.visible_bias).sigmoid()

    def free_energy(self, visible: Float[Tensor, "batch visible"]) -> Float[Tensor, " batch"]:
        """F(v), shape (batch,): p(v) is proportional to exp(-F(v)), a sum over all h.

        F(v) = -b v - sum of log(1 + exp(c + W v)) over the hidden units.
        """
        field = F.linear(visible, self.weight, self.hidden_bias)
        return -(visible @ self.visible_bias) - F.softplus(field).sum(dim=1)

    def reconstruct(
        self, visible: Float[Tensor, "batch visible"]
    ) -> Float[Tensor, "batch visible"]:
        """p(v = 1 | h) for an h that is drawn from p(h | v): half a step before a new v."""
        return self.back(torch.bernoulli(self(visible)))

    def gibbs(
        self, visible: Float[Tensor, "batch visible"], steps: int
    ) -> Float[Tensor, "batch visible"]:
        """v after `steps` steps of Gibbs sampling, shape (batch, visible), without gradients."""
        with torch.no_grad():
            for _ in range(steps):
                visible = torch.bernoulli(self.reconstruct(visible))
        return visible

    def pseudo_log_likelihood(
        self, visible: Float[Tensor, "batch visible"]
    ) -> Float[Tensor, " batch"]:
        """An unbiased estimate of the sum of log p(v_i | all others) over i, shape (batch,).

        Of one random unit for each sample, times the number of units (Besag, 1975).
        """
        batch, units = visible.shape
        flipped = visible.clone()
        rows = torch.arange(batch, device=visible.device)
        chosen = torch.randint(units, (batch,), device=visible.device)
        flipped[rows, chosen] = 1 - flipped[rows, chosen]
        return units * F.logsigmoid(self.free_energy(flipped) - self.free_energy(visible))
