"""The Kullback-Leibler divergence between distributions.

It is not symmetric, never negative, and 0 just where both are the same (Kullback and Leibler,
"On Information and Sufficiency", 1951).

Sources: Pattanayak 2023, ch. 5, Listings 5-4, 5-6
Catalogue: D29
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.special import xlogy

from phytotron.nn.shapes import Float


def discrete(
    p: Float[Tensor, "*shape values"], q: Float[Tensor, "*shape values"]
) -> Float[Tensor, "*shape"]:
    """Σ p log(p / q) of distributions over the last dimension, shapes (..., values) to (...)."""
    return (xlogy(p, p) - xlogy(p, q)).sum(dim=-1)


def bernoulli(p: Float[Tensor, "*#shape"], q: Float[Tensor, "*#shape"]) -> Float[Tensor, "..."]:
    """p log(p / q) + (1 − p) log((1 − p) / (1 − q)), elementwise, of success probabilities.

    The penalty that keeps the mean activation q of a sparse autoencoder near p.
    """
    return xlogy(p, p) - xlogy(p, q) + xlogy(1 - p, 1 - p) - xlogy(1 - p, 1 - q)


def gaussian(mean_p: Tensor, std_p: Tensor, mean_q: Tensor, std_q: Tensor) -> Tensor:
    """log(s_q / s_p) + (s_p² + (m_p − m_q)²) / (2 s_q²) − 1/2, elementwise."""
    return (std_q / std_p).log() + (std_p**2 + (mean_p - mean_q) ** 2) / (2 * std_q**2) - 0.5


def from_standard_gaussian(
    mean: Float[Tensor, "*shape"], log_variance: Float[Tensor, "*shape"]
) -> Float[Tensor, "*shape"]:
    """(s² + m² − 1 − log s²) / 2, elementwise: of N(m, s²) from N(0, 1), the prior of a VAE.

    The log variance is what a network gives, so that s cannot be negative.
    """
    return (log_variance.exp() + mean**2 - 1 - log_variance) / 2


def continuous(
    p: Float[Tensor, "*shape points"],
    q: Float[Tensor, "*shape points"],
    points: Float[Tensor, " points"],
) -> Float[Tensor, "*shape"]:
    """∫ p log(p / q) dx of two densities that are known at `points`, by the trapezoid rule.

    Args:
        p, q: densities, shape (..., points).
        points: ascending, shape (points,).
    """
    return torch.trapezoid(xlogy(p, p) - xlogy(p, q), points)


class KLDivergence(nn.Module):
    """KL(targets ‖ softmax(logits)), the mean over the batch."""

    def forward(
        self, logits: Float[Tensor, "batch classes"], targets: Float[Tensor, "batch classes"]
    ) -> Float[Tensor, ""]:
        """A scalar, of logits and target probabilities of shape (batch, classes)."""
        return F.kl_div(F.log_softmax(logits, dim=-1), targets, reduction="batchmean")
