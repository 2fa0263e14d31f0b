"""Translation before networks: an alignment model, a language model, and a search.

The noisy channel: the translation of a source e is the f of largest P(f) · P(e | f) (Bayes). P(f)
is a language model, P(e | f) an alignment model. Compared with a network, it needs no gradient and
its tables can be read and corrected word by word. But its parts make separate assumptions and are
trained separately, similar words share nothing, and only a few words are seen at once.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator
from torch import Tensor
from torchmetrics.text import BLEUScore

from phytotron.data.en_fr import BEGIN, END, SPECIAL_WORDS
from phytotron.models.sequence.ngrams import NgramModel, Reader
from phytotron.models.sequence.word_alignment import NULL, Sentence, WordAlignment

_NEVER = math.log(1e-7)  # of a word without an entry in the table


class Hypothesis(NamedTuple):
    """A partial translation.

    Attributes:
        score: ln P(words) + ln P(what is covered | words).
        estimate: the score plus an upper estimate for the words that are not covered yet.
        covered: which source words are translated already, as bits.
        words: of the translation, from `BEGIN`.
    """

    score: float
    estimate: float
    covered: int
    words: tuple[int, ...]


class StatisticalTranslator(BaseEstimator):
    """IBM Model 1 and n-grams, searched with stacks.

    Stack k holds the best hypotheses that cover k source words (Koehn, "Pharaoh", 2004). A
    hypothesis is extended by one source word, which a new target word or NULL generates; before
    the new word a filler without a counterpart may be inserted, such as an article. Source words
    are covered in any order, at most `window` positions after the first uncovered one.

    Args:
        iterations: of expectation maximisation.
        order: words of the longest n-gram.
        width: hypotheses per stack.
        candidates: translations of a word that are tried.
        fillers: number of the most frequent words that may be inserted without a source word.
        window: limit of reordering, see above.
        silence: the probability that NULL generates a word. IBM Model 1 takes NULL for as likely as
            any word, and the search would then drop rare words.

    Attributes:
        alignment_: t(source word | target word).
        language_: of the target.
        history_: mean negative ln P(source | target) per word after each iteration.
    """

    def __init__(
        self,
        target_vocabulary: int,
        iterations: int = 10,
        order: int = 3,
        width: int = 20,
        candidates: int = 8,
        fillers: int = 8,
        window: int = 2,
        silence: float = 0.01,
    ) -> None:
        self.target_vocabulary = target_vocabulary
        self.iterations = iterations
        self.order = order
        self.width = width
        self.candidates = candidates
        self.fillers = fillers
        self.window = window
        self.silence = silence

    def fit(self, data: Any) -> StatisticalTranslator:
        """Learn from the training pairs of a `TranslationData`."""
        sources, targets = _plain(data.train.source), _plain(data.train.target)
        self.alignment_ = WordAlignment(self.iterations).fit(sources, targets)
        self.language_ = NgramModel(self.target_vocabulary, self.order).fit(
            np.array([BEGIN, *sentence, END]) for sentence in targets
        )
        self.history_ = [
            {"epoch": epoch, "train_loss": -float(value)}
            for epoch, value in enumerate(self.alignment_.log_likelihoods_)
        ]
        return self

    def measure(self, data: Any) -> dict[str, float]:
        """Metrics: `train/smallest_gain`, the smallest gain of the likelihood per word in an
        iteration (at least 0, or the estimation is wrong), and `test/bleu`, BLEU-4 in per cent."""
        sources = _plain(data.test.source)
        references = _plain(data.test.target)
        translations = self.translate(sources)
        bleu = BLEUScore()(
            [_text(words, data) for words in translations],
            [[_text(words, data)] for words in references],
        )
        return {
            "train/smallest_gain": float(np.diff(self.alignment_.log_likelihoods_).min()),
            "test/bleu": 100 * float(bleu),
        }

    def translate(self, sources: list[Sentence]) -> list[Sentence]:
        """Translations of sentences, word ids without padding, begin and end."""
        search = Search(self)
        return [search.translate(source.tolist()) for source in sources]


class Search:
    """The tables of a `StatisticalTranslator`, arranged for the search."""

    def __init__(self, model: StatisticalTranslator) -> None:
        self.model = model
        self.language: Reader = model.language_.reader()
        alignment = model.alignment_
        self.log_t: dict[tuple[int, int], float] = {}  # (source word, target word)
        likely: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for target, source, probability in zip(
            alignment.given_.tolist(),
            alignment.emitted_.tolist(),
            np.log(np.maximum(alignment.probabilities_, 1e-300)).tolist(),
            strict=True,
        ):
            silent = math.log(model.silence) if target == NULL else 0.0
            self.log_t[source, target] = probability + silent
            if target >= len(SPECIAL_WORDS):
                # By Bayes: frequent target words are likely translations.
                score = probability + self.language.log_probability((), target)
                likely[source].append((score, target))
        self.candidates = {
            source: [word for _, word in sorted(words, reverse=True)[: model.candidates]]
            for source, words in likely.items()
        }
        # Words are in the order of their frequency.
        first = len(SPECIAL_WORDS)
        self.fillers = range(first, min(first + model.fillers, model.target_vocabulary))

    def translate(self, source: list[int]) -> Sentence:
        ahead = [self._best(word) for word in source]
        everything = (1 << len(source)) - 1
        stacks: list[dict[tuple[int, tuple[int, ...]], Hypothesis]] = [{} for _ in (0, *source)]
        stacks[0][0, ()] = Hypothesis(0.0, sum(ahead), 0, (BEGIN,))
        for stack in stacks[:-1]:
            best = sorted(stack.values(), key=lambda one: -one.estimate)[: self.model.width]
            for hypothesis in best:
                for place in self._open(hypothesis.covered, len(source)):
                    covered = hypothesis.covered | 1 << place
                    remaining = sum(ahead[p] for p in range(len(source)) if not covered >> p & 1)
                    into = stacks[covered.bit_count()]
                    for words, score in self._extended(hypothesis, source[place]):
                        if covered == everything:
                            score += self.language.log_probability(words, END)
                        # Of those that the models cannot tell apart later, the best one stays.
                        key = covered, words[-self.language.longest :]
                        if key not in into or into[key].score < score:
                            into[key] = Hypothesis(score, score + remaining, covered, words)
        best_one = max(stacks[-1].values(), key=lambda one: one.score)
        return np.array(best_one.words[1:], np.int64)

    def _best(self, source: int) -> float:
        """The most that a source word can add to a score, estimated without a history."""
        scores = [
            self.log_t[source, word] + self.language.log_probability((), word)
            for word in self.candidates.get(source, ())
        ]
        return max([*scores, self.log_t.get((source, NULL), _NEVER)])

    def _open(self, covered: int, length: int) -> list[int]:
        """The positions of the source that may be covered next."""
        missing = [place for place in range(length) if not covered >> place & 1]
        return [place for place in missing if place <= missing[0] + self.model.window]

    def _extended(self, hypothesis: Hypothesis, source: int) -> list[tuple[tuple[int, ...], float]]:
        """The words of a hypothesis, extended by each translation of one more source word."""
        words, score = hypothesis.words, hypothesis.score
        beginnings = [(words, score)] + [
            ((*words, filler), score + self.language.log_probability(words, filler))
            for filler in self.fillers
        ]
        found = [(words, score + self.log_t.get((source, NULL), _NEVER))]
        for word in self.candidates.get(source, ()):
            emission = self.log_t[source, word]
            found += [
                ((*before, word), so_far + emission + self.language.log_probability(before, word))
                for before, so_far in beginnings
            ]
        return found


def _plain(tokens: Tensor) -> list[Sentence]:
    """Sentences without padding, begin and end."""
    return [row[~np.isin(row, (NULL, BEGIN, END))] for row in tokens.numpy()]


def _text(words: Sentence, data: Any) -> str:
    return " ".join(data.target_words[word] for word in words)
