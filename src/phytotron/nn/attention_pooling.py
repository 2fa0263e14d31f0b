"""Attention pooling: a sequence as the weighted mean of its states."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Bool, Float


class AttentionPooling(nn.Module):
    """Pools the states of a sequence by learned attention.

    Each state h gets the score u·tanh(W h + b); the softmax of the scores over the sequence
    weighs the states (Yang et al., "Hierarchical Attention Networks for Document
    Classification", 2016, equations 5 to 7).

    Args:
        channels: of a state.
        hidden: of the projection W.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.project = nn.Linear(channels, hidden)
        self.score = nn.Linear(hidden, 1, bias=False)

    def forward(
        self, states: Float[Tensor, "batch tokens channels"], mask: Bool[Tensor, "batch tokens"]
    ) -> Float[Tensor, "batch channels"]:
        """Pool.

        Args:
            states: shape (batch, tokens, channels).
            mask: shape (batch, tokens), True where a token is; at least one in every row.

        Returns:
            Shape (batch, channels).
        """
        scores = self.score(torch.tanh(self.project(states))).squeeze(-1)
        weights = scores.masked_fill(~mask, -torch.inf).softmax(dim=1)
        return torch.einsum("bt,btc->bc", weights, states)
