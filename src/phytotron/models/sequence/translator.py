"""An LSTM encoder of a sentence and an LSTM decoder of its translation.

Sutskever et al., "Sequence to Sequence Learning with Neural Networks", 2014.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from phytotron.models.sequence.decoders import BahdanauDecoder, LuongDecoder, PlainDecoder
from phytotron.nn.decoding import State
from phytotron.nn.masking import PAD, token_mask
from phytotron.nn.shapes import Float, Int

_DECODERS: dict[str, Callable[..., nn.Module]] = {
    "plain": PlainDecoder,
    **{
        f"{name}_{score}": partial(decoder, score=score)
        for name, decoder in (("luong", LuongDecoder), ("bahdanau", BahdanauDecoder))
        for score in ("dot", "general", "additive")
    },
}


class Translator(nn.Module):
    """Encoder and decoder, each an embedding and an LSTM; a linear layer over the target's words.

    P(target | source) is the product of the probabilities of its words, each given those before it
    and what the encoder has made of the source.

    Sources: Notes of several courses, Sequence to sequence; Vasilev 2023, ch. 7
    Catalogue: K19

    Args:
        source_vocabulary, target_vocabulary: word ids are below these; `PAD` is none.
        channels: of an embedding.
        hidden: of both LSTMs.
        decoder: `plain`, or with attention: luong_dot, luong_general, luong_additive, bahdanau_dot,
            bahdanau_general, bahdanau_additive.
        bidirectional: the encoder reads in both directions, each with half of `hidden`.
        reverse: the encoder reads from the last word to the first, so that it ends near the
            first words of the target.
        dropout: on the embeddings and on the linear layer's input.
    """

    def __init__(
        self,
        *,
        source_vocabulary: int,
        target_vocabulary: int,
        channels: int,
        hidden: int,
        decoder: str,
        bidirectional: bool = False,
        reverse: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if decoder not in _DECODERS:
            raise ValueError(f"decoder is '{decoder}': one of {', '.join(_DECODERS)}")
        self.reverse = reverse
        self.source_embedding = nn.Embedding(source_vocabulary, channels, padding_idx=PAD)
        self.encoder = nn.LSTM(
            channels,
            hidden // 2 if bidirectional else hidden,
            batch_first=True,
            bidirectional=bidirectional,
        )
        self.target_embedding = nn.Embedding(target_vocabulary, channels, padding_idx=PAD)
        self.decoder = _DECODERS[decoder](channels, hidden)
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(hidden, target_vocabulary)

    def encode(self, source: Int[Tensor, "batch source"]) -> State:
        """The decoder's first state, see `phytotron.models.sequence.decoders`.

        Args:
            source: word ids, shape (batch, source); no row is all padding.
        """
        mask = token_mask(source)
        lengths = mask.sum(dim=1)
        # The position of each word, in the order in which the encoder reads.
        places = torch.arange(source.shape[1], device=source.device).expand_as(source)
        if self.reverse:
            places = torch.where(mask, lengths.unsqueeze(1) - 1 - places, places)
            source = source.gather(1, places)
        packed = pack_padded_sequence(
            self.dropout(self.source_embedding(source)),
            lengths.cpu(),
            batch_first=True,
            enforce_sorted=False,
        )
        states, last = self.encoder(packed)
        keys, _ = pad_packed_sequence(states, batch_first=True, total_length=source.shape[1])
        keys = keys.gather(1, places.unsqueeze(2).expand_as(keys))
        # (directions, batch, hidden / directions) to (batch, hidden)
        hidden, cell = (part.transpose(0, 1).flatten(1) for part in last)
        return hidden, cell, keys, mask

    def decode(
        self, target: Int[Tensor, "batch steps"], state: State
    ) -> tuple[
        Float[Tensor, "batch steps hidden"], Float[Tensor, "batch steps source"] | None, State
    ]:
        """Decode some further words; see `PlainDecoder`.

        Args:
            target: word ids, shape (batch, steps).
            state: see `encode`.
        """
        features, weights, state = self.decoder(self.dropout(self.target_embedding(target)), state)
        return self.dropout(features), weights, state

    def forward(
        self, source: Int[Tensor, "batch source"], target: Int[Tensor, "batch words"]
    ) -> Float[Tensor, "predicted target_vocabulary"]:
        """The logits of each next word, given the right words before it (teacher forcing).

        Args:
            source: word ids, shape (batch, source).
            target: word ids, shape (batch, words); the first column is an input only.

        Returns:
            The rows of all words except padding, concatenated: shape (words in
            `target[:, 1:]`, target_vocabulary).
        """
        features, _, _ = self.decode(target[:, :-1], self.encode(source))
        return self.output(features[token_mask(target[:, 1:])])

    def step(
        self, tokens: Int[Tensor, " batch"], state: State
    ) -> tuple[Float[Tensor, "batch target_vocabulary"], State]:
        """The log-probabilities of the words that follow: a `Step` of `phytotron.nn.decoding`."""
        features, _, state = self.decode(tokens.unsqueeze(1), state)
        return self.output(features[:, 0]).log_softmax(dim=-1), state

    def alignment(
        self, source: Int[Tensor, "batch source"], target: Int[Tensor, "batch words"]
    ) -> Float[Tensor, "batch words-1 source"]:
        """How much the decoder attends to each source word when it generates a word.

        Args:
            source, target: see `forward`.

        Returns:
            Shape (batch, words - 1, source): row i for `target[:, i + 1]`.

        Raises:
            ValueError: its decoder has no attention.
        """
        _, weights, _ = self.decode(target[:, :-1], self.encode(source))
        if weights is None:
            raise ValueError("a plain decoder has no attention")
        return weights
