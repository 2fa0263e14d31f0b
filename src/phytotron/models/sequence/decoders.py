"""Recurrent decoders: features of the next word from the words so far and an encoded source.

All have the same interface, so that training, with all words at once, and decoding, word by word,
run the same code. `state` is a tuple of tensors of shape (batch, ...): hidden
state and cell of the LSTM, both (batch, hidden), then the encoder's states, (batch, source,
hidden), and their mask, (batch, source).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.attention import SCORES, attend
from phytotron.nn.decoding import State
from phytotron.nn.shapes import Float


class PlainDecoder(nn.Module):
    """An LSTM that sees the source only in its initial state.

    Args:
        channels: of a word's embedding.
        hidden: of the LSTM and of its outputs.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.lstm = nn.LSTM(channels, hidden, batch_first=True)

    def forward(
        self, words: Float[Tensor, "batch steps channels"], state: State
    ) -> tuple[
        Float[Tensor, "batch steps hidden"], Float[Tensor, "batch steps source"] | None, State
    ]:
        """Decode some further words.

        Args:
            words: embeddings, shape (batch, steps, channels).
            state: see the module.

        Returns:
            The features of the next words, shape (batch, steps, hidden); the attention weights over
            the encoder's states, shape (batch, steps, source), or None; and the state after the
            last word.
        """
        hidden, cell, *source = state
        states, (hidden, cell) = self.lstm(words, (hidden.unsqueeze(0), cell.unsqueeze(0)))
        return states, None, (hidden[0], cell[0], *source)


class LuongDecoder(PlainDecoder):
    """An LSTM with attention after the recurrence: s̃ = tanh(W [c; s]), with c the context of state
    s.

    The recurrence does not depend on the attention, so all steps are computed at once (Luong et
    al., 2015).

    Args:
        channels, hidden: see `PlainDecoder`.
        score: how states are compared: dot, general or additive.
    """

    def __init__(self, channels: int, hidden: int, score: str) -> None:
        super().__init__(channels, hidden)
        self.score = SCORES[score](hidden, hidden)
        self.combine = nn.Linear(2 * hidden, hidden, bias=False)

    def forward(
        self, words: Float[Tensor, "batch steps channels"], state: State
    ) -> tuple[
        Float[Tensor, "batch steps hidden"], Float[Tensor, "batch steps source"] | None, State
    ]:
        """See `PlainDecoder`."""
        states, _, state = super().forward(words, state)
        keys, mask = state[2:]
        context, weights = attend(self.score(states, keys), keys, mask)
        return torch.tanh(self.combine(torch.cat([context, states], dim=-1))), weights, state


class BahdanauDecoder(nn.Module):
    """An LSTM with attention before each word (Bahdanau et al., 2015); its last state is the query.

    The context is an input of the LSTM, beside the word, and a part of the output. The first
    query is the encoder's last state.

    Sources: Notes of several courses, Sequence to sequence, Stanford NLP notes; Vasilev 2023, ch. 7
    Catalogue: K26

    Args:
        channels, hidden: see `PlainDecoder`.
        score: how states are compared: dot, general or additive.
    """

    def __init__(self, channels: int, hidden: int, score: str) -> None:
        super().__init__()
        self.score = SCORES[score](hidden, hidden)
        self.cell = nn.LSTMCell(channels + hidden, hidden)
        self.combine = nn.Linear(2 * hidden, hidden, bias=False)

    def forward(
        self, words: Float[Tensor, "batch steps channels"], state: State
    ) -> tuple[
        Float[Tensor, "batch steps hidden"], Float[Tensor, "batch steps source"] | None, State
    ]:
        """See `PlainDecoder`."""
        hidden, cell, keys, mask = state
        outputs, all_weights = [], []
        for word in words.unbind(dim=1):
            context, weights = attend(self.score(hidden.unsqueeze(1), keys), keys, mask)
            hidden, cell = self.cell(torch.cat([word, context[:, 0]], dim=-1), (hidden, cell))
            outputs.append(torch.cat([context[:, 0], hidden], dim=-1))
            all_weights.append(weights)
        features = torch.tanh(self.combine(torch.stack(outputs, dim=1)))
        return features, torch.cat(all_weights, dim=1), (hidden, cell, keys, mask)
