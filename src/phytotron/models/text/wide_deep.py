"""An ensemble of a wide and a deep network (after Cheng et al., 2016)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from phytotron.models.text.fasttext import FastText
from phytotron.models.text.textcnn import TextCNN
from phytotron.nn.shapes import Float, Int


class WideAndDeep(nn.Module):
    """fastText remembers n-grams, TextCNN generalises over them; each learns by itself.

    They share only the data: trained on the sum of their logits, the one that learns faster would
    leave little gradient to the other. Their mean log probability is better than either,
    as in any ensemble of models that make different mistakes.

    Args:
        vocabulary: token ids are below this.
        num_classes: logits per text.
        channels: of an embedding, in both.
        order: longest n-gram of the wide part, in tokens.
        buckets: embeddings that the n-grams share by hashing.
        ngram_dropout: share of the n-grams that training leaves out of the wide part.
        wide_dropout: on the wide part's pooled embedding.
        widths: tokens that a filter of the deep part sees, one convolution for each; odd numbers.
        filters: of each width.
        deep_dropout: on the deep part's embeddings and pooled features.
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
        wide_dropout: float,
        widths: Sequence[int],
        filters: int,
        deep_dropout: float,
    ) -> None:
        super().__init__()
        self.wide = FastText(
            vocabulary=vocabulary,
            num_classes=num_classes,
            channels=channels,
            order=order,
            buckets=buckets,
            ngram_dropout=ngram_dropout,
            dropout=wide_dropout,
        )
        self.deep = TextCNN(
            vocabulary=vocabulary,
            num_classes=num_classes,
            channels=channels,
            widths=widths,
            filters=filters,
            dropout=deep_dropout,
        )

    def forward(
        self, tokens: Int[Tensor, "batch tokens"]
    ) -> Float[Tensor, "2 batch classes"] | Float[Tensor, "batch classes"]:
        """Token ids, shape (batch, tokens), to logits.

        Returns:
            While training the logits of each part, shape (2, batch, classes); else the mean of
            their log probabilities, shape (batch, classes).
        """
        logits = torch.stack([self.wide(tokens), self.deep(tokens)])
        return logits if self.training else logits.log_softmax(dim=-1).mean(dim=0)
