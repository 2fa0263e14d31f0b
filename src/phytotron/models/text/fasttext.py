"""fastText: a linear classifier on pooled n-gram embeddings (Joulin et al., 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.hashed_ngrams import HashedNgrams
from phytotron.nn.masking import PAD, token_mask
from phytotron.nn.shapes import Float, Int


class FastText(nn.Module):
    """Pools the embeddings of all tokens and hashed token n-grams, then one linear layer.

    The sum is divided by the square root of the number of n-grams, as the Euclidean norm of TF-IDF
    roughly does, and not by the number: the evidence in a long text adds up. (On the documentation
    paragraphs the plain mean of the paper had the same macro-F1 and less accuracy.)

    Args:
        vocabulary: token ids are below this.
        num_classes: logits per text.
        channels: of an embedding.
        order: longest n-gram, in tokens.
        buckets: embeddings that the n-grams share by hashing.
        ngram_dropout: share of the tokens and n-grams that training leaves out, anew each time.
        dropout: on the pooled embedding.
    """

    def __init__(
        self,
        *,
        vocabulary: int,
        num_classes: int,
        channels: int,
        order: int,
        buckets: int,
        ngram_dropout: float,
        dropout: float,
    ) -> None:
        super().__init__()
        self.ngrams = HashedNgrams(vocabulary, order, buckets)
        self.embedding = nn.EmbeddingBag(self.ngrams.ids, channels, mode="mean", padding_idx=PAD)
        # As in fastText: small, so that n-grams which training never saw hardly count.
        nn.init.uniform_(self.embedding.weight[1:], -1 / channels, 1 / channels)
        self.ngram_dropout = ngram_dropout
        self.dropout = nn.Dropout(dropout)
        self.output = nn.Linear(channels, num_classes)

    def forward(self, tokens: Int[Tensor, "batch tokens"]) -> Float[Tensor, "batch classes"]:
        """Token ids, shape (batch, tokens), to logits, shape (batch, classes)."""
        ids = self.ngrams(tokens)
        if self.training:
            ids = torch.where(
                torch.rand(ids.shape, device=ids.device) < self.ngram_dropout, PAD, ids
            )
        counts = token_mask(ids).sum(dim=1, keepdim=True)
        return self.output(self.dropout(self.embedding(ids) * counts.sqrt()))
