"""Translation before networks: an alignment model, a language model, and a search.

Of a source e, the translation is the f of largest P(f) · P(e | f) (Bayes). P(f), a language model,
knows what is said; P(e | f), an alignment model, which words say which. Against the network: it
needs no gradient, its tables can be read and repaired word by word, and it is built of parts, each
with assumptions of its own and trained by itself; nothing in it knows that two words are alike, or
looks at more than a few words at once.
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

_NEVER = math.log(1e-7)  # of a word that nothing in the table says


class Hypothesis(NamedTuple):
    """A beginning of a translation.

    Attributes:
        score: ln P(words) + ln P(what is covered | words).
        estimate: the score with the best that the words not yet covered can add.
        covered: which words of the source are said already, a bit each.
        words: of the translation, from `BEGIN`.
    """

    score: float
    estimate: float
    covered: int
    words: tuple[int, ...]


class StatisticalTranslator(BaseEstimator):
    """IBM Model 1 and n-grams, searched with stacks.

    Stack k holds the best hypotheses that say k words of the source (Koehn, "Pharaoh", 2004). A
    hypothesis goes on by one word of the source: a new word says it, or NULL does; before the new
    word there may be one that says nothing of the source, such as an article. Words of the source
    are said in any order, but none waits until `window` later ones are said.

    Args:
        iterations: of expectation maximisation.
        order: words of the longest n-gram.
        width: hypotheses that a stack keeps.
        candidates: translations of a word that are tried.
        fillers: most frequent words that may be said without a word of the source.
        window: see above.
        silence: the probability that NULL says a word, which IBM Model 1 takes for as likely as any
            other: then the search would rather be silent than say a rare word.

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
        """Metrics: `train/smallest_gain`, the least by which an iteration raised the likelihood
        per word (at least 0, or the estimation is wrong), and `test/bleu`, BLEU-4 in per cent."""
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
    """The tables of a `StatisticalTranslator`, in the form in which they are searched."""

    def __init__(self, model: StatisticalTranslator) -> None:
        self.model = model
        self.language: Reader = model.language_.reader()
        alignment = model.alignment_
        self.log_t: dict[tuple[int, int], float] = {}  # (source word, target word)
        says: dict[int, list[tuple[float, int]]] = defaultdict(list)
        for target, source, probability in zip(
            alignment.given_.tolist(),
            alignment.said_.tolist(),
            np.log(np.maximum(alignment.probabilities_, 1e-300)).tolist(),
            strict=True,
        ):
            silent = math.log(model.silence) if target == NULL else 0.0
            self.log_t[source, target] = probability + silent
            if target >= len(SPECIAL_WORDS):
                # By Bayes: what is said often is what is meant.
                likely = probability + self.language.log_probability((), target)
                says[source].append((likely, target))
        self.says = {
            source: [word for _, word in sorted(words, reverse=True)[: model.candidates]]
            for source, words in says.items()
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
                    behind = sum(ahead[p] for p in range(len(source)) if not covered >> p & 1)
                    into = stacks[covered.bit_count()]
                    for words, score in self._extended(hypothesis, source[place]):
                        if covered == everything:
                            score += self.language.log_probability(words, END)
                        # Of those that the models cannot tell apart later, the best one stays.
                        key = covered, words[-self.language.longest :]
                        if key not in into or into[key].score < score:
                            into[key] = Hypothesis(score, score + behind, covered, words)
        best_one = max(stacks[-1].values(), key=lambda one: one.score)
        return np.array(best_one.words[1:], np.int64)

    def _best(self, source: int) -> float:
        """The most that a word of the source can add to a score, guessed without a history."""
        said = [
            self.log_t[source, word] + self.language.log_probability((), word)
            for word in self.says.get(source, ())
        ]
        return max([*said, self.log_t.get((source, NULL), _NEVER)])

    def _open(self, covered: int, length: int) -> list[int]:
        """The places of the source that may be said next."""
        missing = [place for place in range(length) if not covered >> place & 1]
        return [place for place in missing if place <= missing[0] + self.model.window]

    def _extended(self, hypothesis: Hypothesis, source: int) -> list[tuple[tuple[int, ...], float]]:
        """The words of a hypothesis, with those that say one more word of the source."""
        words, score = hypothesis.words, hypothesis.score
        beginnings = [(words, score)] + [
            ((*words, filler), score + self.language.log_probability(words, filler))
            for filler in self.fillers
        ]
        found = [(words, score + self.log_t.get((source, NULL), _NEVER))]
        for word in self.says.get(source, ()):
            said = self.log_t[source, word]
            found += [
                ((*before, word), so_far + said + self.language.log_probability(before, word))
                for before, so_far in beginnings
            ]
        return found


def _plain(tokens: Tensor) -> list[Sentence]:
    """Sentences without padding, begin and end."""
    return [row[~np.isin(row, (NULL, BEGIN, END))] for row in tokens.numpy()]


def _text(words: Sentence, data: Any) -> str:
    return " ".join(data.target_words[word] for word in words)
