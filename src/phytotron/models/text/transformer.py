"""A small Transformer encoder with learned positions (Vaswani et al., 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.errors import UserError
from phytotron.nn.masking import PAD, masked_mean, token_mask
from phytotron.nn.shapes import Float, Int


class TransformerClassifier(nn.Module):
    """Token and position embeddings, pre-norm encoder layers, mean over tokens, linear layer.

    Args:
        vocabulary: token ids are below this.
        num_classes: logits per text.
        channels: of a token in all layers.
        layers: encoder layers.
        heads: of the attention; divides `channels`.
        feedforward: channels inside a layer's feed-forward part.
        positions: the longest text, in tokens.
        dropout: in the layers, on the embeddings and on the pooled state.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        num_classes: int,
        channels: int,
        layers: int,
        heads: int,
        feedforward: int,
        positions: int,
        dropout: float,
    ) -> None:
        super().__init__()
        if channels % heads:
            raise UserError(f"model.heads={heads} does not divide model.channels={channels}")
        self.embedding = nn.Embedding(vocabulary, channels, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight[1:], std=0.02)
        self.position = nn.Parameter(torch.empty(positions, channels))
        nn.init.normal_(self.position, std=0.02)
        layer = nn.TransformerEncoderLayer(
            channels,
            heads,
            feedforward,
            dropout,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.encoder = nn.TransformerEncoder(
            layer, layers, norm=nn.LayerNorm(channels), enable_nested_tensor=False
        )
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(channels, num_classes)

    def forward(self, tokens: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch classes"]:
        """Token ids, shape (batch, tokens), to logits, shape (batch, classes)."""
        mask = token_mask(tokens)
        embedded = self.dropout(self.embedding(tokens) + self.position[: tokens.shape[1]])
        states = self.encoder(embedded, src_key_padding_mask=~mask)
        return self.output(self.dropout(masked_mean(states, mask)))
