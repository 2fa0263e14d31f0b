"""TextCNN: convolutions of several widths over the words, each max-pooled (Kim, 2014)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from phytotron.nn.masking import PAD, masked_max, token_mask
from phytotron.nn.shapes import Float, Int


class TextCNN(nn.Module):
    """Embedding, parallel convolutions, maximum over time, dropout, linear layer.

    Args:
        vocabulary: token ids are below this.
        num_classes: logits per text.
        channels: of an embedding.
        widths: tokens that a filter sees, one convolution for each; odd numbers.
        filters: of each width.
        dropout: on the embeddings and on the pooled features.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        num_classes: int,
        channels: int,
        widths: Sequence[int],
        filters: int,
        dropout: float,
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, channels, padding_idx=PAD)
        nn.init.uniform_(self.embedding.weight[1:], -0.25, 0.25)  # as in the paper
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels, filters, width, padding="same") for width in widths
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(filters * len(widths), num_classes)

    def forward(self, tokens: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch classes"]:
        """Token ids, shape (batch, tokens), to logits, shape (batch, classes)."""
        mask = token_mask(tokens)
        # (batch, channels, tokens); padding is zero, like the convolution's own
        embedded = self.dropout(self.embedding(tokens)).transpose(1, 2)
        pooled = [
            masked_max(convolution(embedded).transpose(1, 2), mask).relu()
            for convolution in self.convolutions
        ]
        return self.output(self.dropout(torch.cat(pooled, dim=1)))
