"""Attention: for each query, a weighted mean of the states of a source.

Each score compares queries with keys, here the states themselves:

- dot: sᵀ h, where both have the same size (Luong et al., "Effective Approaches to Attention-based
  Neural Machine Translation", 2015);
- general: sᵀ W h, which W = I turns into dot (the same);
- additive: vᵀ tanh(W₁ h + W₂ s) (Bahdanau et al., "Neural Machine Translation by Jointly Learning
  to Align and Translate", 2015).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Bool, Float


class DotScore(nn.Module):
    """sᵀ h.

    Args:
        query: values of a query.
        key: values of a key: as many.
    """

    def __init__(self, query: int, key: int) -> None:
        super().__init__()
        if query != key:
            raise ValueError(f"queries of {query} values and keys of {key}: dot needs as many")

    def forward(
        self, queries: Float[Tensor, "batch steps query"], keys: Float[Tensor, "batch source key"]
    ) -> Float[Tensor, "batch steps source"]:
        """Queries (batch, steps, query), keys (batch, source, key), to (batch, steps, source)."""
        return queries @ keys.mT


class GeneralScore(nn.Module):
    """sᵀ W h; arguments and shapes as for `DotScore`, but for the sizes, which may differ."""

    def __init__(self, query: int, key: int) -> None:
        super().__init__()
        self.map = nn.Linear(key, query, bias=False)

    def forward(
        self, queries: Float[Tensor, "batch steps query"], keys: Float[Tensor, "batch source key"]
    ) -> Float[Tensor, "batch steps source"]:
        return queries @ self.map(keys).mT


class AdditiveScore(nn.Module):
    """vᵀ tanh(W₁ h + W₂ s); shapes as for `DotScore`.

    Args:
        query: values of a query.
        key: values of a key.
        hidden: values of W₁ h and W₂ s; None: as many as of a query.
    """

    def __init__(self, query: int, key: int, hidden: int | None = None) -> None:
        super().__init__()
        hidden = hidden or query
        self.of_key = nn.Linear(key, hidden, bias=False)
        self.of_query = nn.Linear(query, hidden, bias=False)
        self.direction = nn.Linear(hidden, 1, bias=False)

    def forward(
        self, queries: Float[Tensor, "batch steps query"], keys: Float[Tensor, "batch source key"]
    ) -> Float[Tensor, "batch steps source"]:
        both = self.of_query(queries).unsqueeze(2) + self.of_key(keys).unsqueeze(1)
        return self.direction(torch.tanh(both)).squeeze(-1)


SCORES = {"dot": DotScore, "general": GeneralScore, "additive": AdditiveScore}


def attend(
    scores: Float[Tensor, "batch steps source"],
    values: Float[Tensor, "batch source channels"],
    mask: Bool[Tensor, "batch source"],
) -> tuple[Float[Tensor, "batch steps channels"], Float[Tensor, "batch steps source"]]:
    """The mean of each source's values, weighted by the softmax of scores.

    Args:
        scores: shape (batch, steps, source).
        values: shape (batch, source, channels).
        mask: shape (batch, source), True where a value is; at least one in every row.

    Returns:
        The means, shape (batch, steps, channels), and the weights, shape (batch, steps, source),
        which sum to 1 and are 0 where nothing is.
    """
    weights = scores.masked_fill(~mask.unsqueeze(1), -torch.inf).softmax(dim=-1)
    return weights @ values, weights
