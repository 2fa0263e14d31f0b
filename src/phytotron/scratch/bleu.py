"""BLEU: how many n-grams of translations are in their references (Papineni et al., 2002).

    pₙ = Σ clipped counts / Σ counts     over the n-grams of all translations; a count is clipped to
                                         how often a single reference of its sentence has the n-gram
    BP = min(1, exp(1 - r / c))          c words in all translations, r in the references whose
                                         lengths are closest to them
    BLEU = BP · exp(mean of ln pₙ over n = 1 to 4)

It belongs to a whole corpus: the mean over sentences is something else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

Words = Sequence[str]


def ngrams(words: Words, n: int) -> Counter[tuple[str, ...]]:
    """How often each n-gram occurs."""
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def clipped_matches(translation: Words, references: Sequence[Words], n: int) -> tuple[int, int]:
    """How many n-grams of one translation count, and how many it has."""
    own = ngrams(translation, n)
    allowed: Counter[tuple[str, ...]] = Counter()
    for reference in references:
        allowed |= ngrams(reference, n)  # the larger count of both
    return (own & allowed).total(), own.total()


def brevity_penalty(translated: int, reference: int) -> float:
    """1 for translations that are long enough, else exp(1 - r / c), 0 for empty ones."""
    if translated == 0:
        return 0.0
    return min(1.0, float(np.exp(1 - reference / translated)))


def bleu(
    translations: Sequence[Words],
    references: Sequence[Sequence[Words]],
    max_n: int = 4,
    smooth: bool = False,
) -> float:
    """BLEU of a corpus, in [0, 1].

    Args:
        translations: the words of each sentence.
        references: of each sentence one or several translations by humans.
        max_n: the longest n-grams.
        smooth: count one n-gram more, as found and as there, for n above 1 (Lin and Och, 2004);
            without it the result is 0 as soon as one pₙ is 0.
    """
    logarithms = []
    for n in range(1, max_n + 1):
        pairs = zip(translations, references, strict=True)
        counts = [clipped_matches(own, others, n) for own, others in pairs]
        found, there = np.sum(counts, axis=0) + (smooth and n > 1)
        if not found:
            return 0.0
        logarithms.append(np.log(found / there))
    closest = [
        min((abs(len(each) - len(own)), len(each)) for each in others)[1]
        for own, others in zip(translations, references, strict=True)
    ]
    penalty = brevity_penalty(sum(map(len, translations)), sum(closest))
    return penalty * float(np.exp(np.mean(logarithms)))
