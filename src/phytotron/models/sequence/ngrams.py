"""A language model of counted n-grams."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator


class NgramModel(BaseEstimator):
    """n-grams with absolute discounting (Ney et al., 1994).

    P(w | h) = max(c(h w) − d, 0) / c(h) + d · N(h) / c(h) · P(w | h'), with N(h) the different
    words that followed h, and h' the history without its first word; below the single words is the
    uniform distribution. So no word is impossible, and the probabilities sum to 1.

    Args:
        vocabulary: word ids are below this.
        order: words of the longest n-gram.
        discount: d, what each seen n-gram gives to those that are not.

    Attributes:
        ngrams_: for each length from 1 the n-grams, int64, shape (n-grams, length), and how often
            each occurred, shape (n-grams,).
    """

    def __init__(self, vocabulary: int, order: int = 3, discount: float = 0.7) -> None:
        self.vocabulary = vocabulary
        self.order = order
        self.discount = discount

    def fit(self, sentences: Iterable[NDArray[np.int64]]) -> NgramModel:
        """Count.

        Args:
            sentences: word ids with the sentence's begin, which is never predicted, and its end.
        """
        sentences = list(sentences)
        self.ngrams_ = []
        for length in range(1, self.order + 1):
            # Shorter histories only where the sentence begins, so that none reaches beyond it.
            windows = [
                sentence[end - length : end]
                for sentence in sentences
                for end in range(max(2, length), len(sentence) + 1)
            ]
            grams, counts = np.unique(np.array(windows), axis=0, return_counts=True)
            self.ngrams_.append([grams, counts])
        return self

    def reader(self) -> Reader:
        """What gives probabilities fast."""
        return Reader(self)


class Reader:
    """An `NgramModel` that is looked up; see there."""

    def __init__(self, model: NgramModel) -> None:
        self.longest = model.order - 1  # of a history
        self.discount = model.discount
        self.uniform = 1 / model.vocabulary
        self.counts: dict[tuple[int, ...], int] = {}
        self.followed: dict[
            tuple[int, ...], tuple[int, int]
        ] = {}  # by words in all, different ones
        for grams, counts in model.ngrams_:
            for gram, count in zip(map(tuple, grams.tolist()), counts.tolist(), strict=True):
                self.counts[gram] = count
                total, different = self.followed.get(gram[:-1], (0, 0))
                self.followed[gram[:-1]] = (total + count, different + 1)
        self.known: dict[tuple[int, ...], float] = {}

    def log_probability(self, history: tuple[int, ...], word: int) -> float:
        """ln P(word | history), a history of any length."""
        history = history[len(history) - self.longest :] if self.longest else ()
        key = (*history, word)
        if key not in self.known:
            self.known[key] = math.log(self._probability(history, word))
        return self.known[key]

    def _probability(self, history: tuple[int, ...], word: int) -> float:
        shorter = self._probability(history[1:], word) if history else self.uniform
        if history not in self.followed:
            return shorter
        total, different = self.followed[history]
        seen = max(self.counts.get((*history, word), 0) - self.discount, 0)
        return (seen + self.discount * different * shorter) / total
