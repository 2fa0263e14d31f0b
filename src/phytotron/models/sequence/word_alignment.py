"""Which word translates which, learned from whole sentences.

IBM Model 1 (Brown et al., "The Mathematics of Statistical Machine Translation: Parameter
Estimation", 1993): every word of a sentence is said by some word of its translation, or by none
(NULL), all of them equally likely; t(e | f) says how f is said.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

Sentence = NDArray[np.int64]  # word ids, shape (words,)

NULL = 0  # the word that says what no word of the translation says; the id is no word's


class WordAlignment(BaseEstimator):
    """IBM Model 1, estimated by expectation maximisation.

    A word may say several words of the other sentence, but each of those is said by one: alignments
    are many-to-one. Those of both directions together are many-to-many.

    The likelihood has no local maxima, so the uniform start does no harm, and each iteration raises
    it (or leaves it).

    Args:
        iterations: of expectation maximisation.

    Attributes:
        given_, said_: the pairs of words that occur in a pair of sentences, ids of shape (pairs,).
        probabilities_: t(said | given) of each pair, shape (pairs,).
        log_likelihoods_: ln P(said sentence | given sentence) per said word, before the first
            iteration and after each; without the probability of the sentence's length.
    """

    def __init__(self, iterations: int = 10) -> None:
        self.iterations = iterations

    def fit(self, said: Sequence[Sentence], given: Sequence[Sentence]) -> WordAlignment:
        """Estimate t(said | given).

        Args:
            said: sentences without padding.
            given: their translations, in the same order.
        """
        given = [np.concatenate([[NULL], sentence]) for sentence in given]
        # One link for each word of a sentence and each word of the other.
        said_link = np.concatenate([s.repeat(len(g)) for s, g in zip(said, given, strict=True)])
        given_link = np.concatenate([np.tile(g, len(s)) for s, g in zip(said, given, strict=True)])
        choices = np.concatenate(
            [np.full(len(s), len(g)) for s, g in zip(said, given, strict=True)]
        )
        word = np.arange(len(choices)).repeat(choices)  # the said word that a link is of
        both, entry = np.unique(np.stack([given_link, said_link]), axis=1, return_inverse=True)
        self.given_, self.said_ = both
        entry = entry.ravel()

        self.probabilities_ = 1 / np.bincount(self.given_)[self.given_]
        self.log_likelihoods_ = np.zeros(self.iterations + 1)
        for iteration in range(self.iterations + 1):
            link = self.probabilities_[entry]
            total = np.bincount(word, link)
            self.log_likelihoods_[iteration] = np.log(total / choices).mean()
            if iteration == self.iterations:
                break
            # Expected: how often each pair is a link. Maximised: their shares.
            counts = np.bincount(entry, link / total[word])
            self.probabilities_ = counts / np.bincount(self.given_, counts)[self.given_]
        return self

    def align(self, said: Sentence, given: Sentence) -> Sentence:
        """The most probable alignment: for each said word the place of the word that says it.

        Returns:
            Shape (said,): places in `given`, -1 for NULL.
        """
        table = {
            (g, s): p
            for g, s, p in zip(self.given_, self.said_, self.probabilities_, strict=True)
            if s in said
        }
        candidates = [NULL, *given]
        scores = [[table.get((g, s), 0.0) for g in candidates] for s in said]
        return np.array(scores).reshape(len(said), -1).argmax(axis=1) - 1
