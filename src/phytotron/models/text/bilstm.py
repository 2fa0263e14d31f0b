"""A bidirectional LSTM with attention pooling (Zhou et al., 2016; Yang et al., 2016)."""

from __future__ import annotations

from torch import Tensor, nn

from phytotron.nn.attention_pooling import AttentionPooling
from phytotron.nn.bidirectional_lstm import BidirectionalLSTM
from phytotron.nn.masking import PAD, token_mask
from phytotron.nn.shapes import Float, Int


class BiLSTM(nn.Module):
    """Embedding, bidirectional LSTM, attention pooling, linear layer.

    Args:
        vocabulary: token ids are below this.
        num_classes: logits per text.
        channels: of an embedding.
        hidden: of the LSTM, in each direction.
        dropout: on the embeddings and on the pooled state.
    """

    def __init__(
        self, *, vocabulary: int, num_classes: int, channels: int, hidden: int, dropout: float
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, channels, padding_idx=PAD)
        nn.init.normal_(self.embedding.weight[1:], std=0.1)
        self.lstm = BidirectionalLSTM(channels, hidden)
        self.pooling = AttentionPooling(2 * hidden, hidden)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(2 * hidden, num_classes)

    def forward(self, tokens: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch classes"]:
        """Token ids, shape (batch, tokens), to logits, shape (batch, classes)."""
        mask = token_mask(tokens)
        states = self.lstm(self.dropout(self.embedding(tokens)), mask)
        return self.output(self.dropout(self.pooling(states, mask)))
