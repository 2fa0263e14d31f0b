"""Token n-grams as ids, by hashing."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.masking import PAD
from phytotron.nn.shapes import Int

# An odd multiplier with well-mixed bits (the 32-bit golden ratio of Knuth's multiplicative
# hashing); ids stay far below 2**31, so the products stay inside int64.
_MULTIPLIER = 0x9E3779B1
_WORD = (1 << 31) - 1


class HashedNgrams(nn.Module):
    """Appends the hashed n-grams of a sequence to its tokens.

    fastText's device for word order without a table of all n-grams (Joulin et al., "Bag of
    Tricks for Efficient Text Classification", 2016, section 2.2).

    Args:
        vocabulary: token ids are below this.
        order: the longest n-gram; 2 means bigrams.
        buckets: the number of n-gram ids. N-grams share an id when their hashes collide.

    Attributes:
        ids: the number of ids that come out, `vocabulary + buckets`.
    """

    def __init__(self, vocabulary: int, order: int, buckets: int) -> None:
        super().__init__()
        self.vocabulary = vocabulary
        self.order = order
        self.buckets = buckets
        self.ids = vocabulary + (buckets if order > 1 else 0)

    def forward(self, tokens: Int[Tensor, "batch tokens"]) -> Int[Tensor, "batch ngrams"]:
        """Ids of tokens and n-grams.

        Args:
            tokens: shape (batch, tokens), 0 where padded.

        Returns:
            Shape (batch, tokens + (tokens - 1) + ... + (tokens - order + 1)); 0 where an n-gram
            would reach into the padding.
        """
        parts = [tokens]
        hashed = tokens
        for n in range(2, min(self.order, tokens.shape[1]) + 1):
            last = tokens[:, n - 1 :]
            hashed = ((hashed[:, :-1] * _MULTIPLIER) ^ (last + n)) & _WORD
            ids = self.vocabulary + (hashed ^ (hashed >> 15)) % self.buckets
            parts.append(torch.where(last == PAD, PAD, ids))
        return torch.cat(parts, dim=1)
