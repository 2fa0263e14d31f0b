"""Sequences of different length in one padded batch.

A batch of token ids has the shape (batch, tokens) and holds 0 where a sequence has ended. What
follows makes the padding invisible: the result for a sequence is the same in every batch.
"""

from __future__ import annotations

import torch
from torch import Tensor

from phytotron.nn.shapes import Bool, Float, Int

PAD = 0


def token_mask(tokens: Int[Tensor, "*shape"]) -> Bool[Tensor, "*shape"]:
    """Where there is a token and no padding, bool, of the shape of `tokens`."""
    return tokens != PAD


def masked_max(
    values: Float[Tensor, "batch tokens channels"], mask: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch channels"]:
    """The largest value of each channel over the unmasked positions.

    Args:
        values: shape (batch, tokens, channels).
        mask: shape (batch, tokens), True where a token is; at least one in every row.

    Returns:
        Shape (batch, channels).
    """
    return values.masked_fill(~mask.unsqueeze(-1), -torch.inf).amax(dim=1)


def masked_mean(
    values: Float[Tensor, "batch tokens channels"], mask: Bool[Tensor, "batch tokens"]
) -> Float[Tensor, "batch channels"]:
    """The mean of each channel over the unmasked positions, shapes as in `masked_max`."""
    weights = mask.to(values.dtype).unsqueeze(-1)
    return (values * weights).sum(dim=1) / weights.sum(dim=1).clamp(min=1)
