"""Duplicates and near-duplicates among texts.

Candidates for near-duplicates are found by MinHash (Broder, 1997, "On the resemblance and
containment of documents") with banded locality-sensitive hashing, from the library rensa. Each
candidate is verified: two texts are near-duplicates when the Jaccard similarity of their sets of
word shingles reaches the threshold, so no text is dropped because of a hash alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

from rensa import RMinHash, RMinHashLSH

_WORD = re.compile(r"\w+")
_SEED = 1  # of the hash functions; its value does not matter
_BATCH = 4096  # texts hashed at once; bounds the memory that their shingles take


@dataclass(frozen=True)
class Similarity:
    """The criterion for near-duplicates.

    Args:
        threshold: least Jaccard similarity of their shingles, in (0, 1].
        shingle_words: words in a row that make one shingle.
        permutations: hash values per text. More values miss fewer pairs just above the threshold.
        bands: groups of hash values, each `permutations / bands` long. Two texts of similarity s
            are compared with probability 1 - (1 - s^(permutations / bands))^bands.
    """

    threshold: float
    shingle_words: int = 3
    permutations: int = 128
    bands: int = 32

    def signature(self, text: str) -> RMinHash:
        """The MinHash of a text's shingles."""
        return self.signatures([text])[0]

    def signatures(self, texts: Sequence[str]) -> list[RMinHash]:
        """The MinHash of each text's shingles."""
        sets = [self.shingles(text) for text in texts]
        return RMinHash.from_token_sets(sets, self.permutations, _SEED)

    def index(self) -> RMinHashLSH:
        """An empty index, which finds the candidates for a text."""
        return RMinHashLSH(self.threshold, self.permutations, self.bands)

    def shingles(self, text: str) -> frozenset[str]:
        """The word shingles of a text, ignoring case and punctuation."""
        words = _WORD.findall(text.casefold())
        size = min(self.shingle_words, len(words))
        return frozenset(map(" ".join, zip(*(words[i:] for i in range(size)), strict=False)))


def exact_duplicates(texts: Sequence[str], labels: Sequence[str]) -> tuple[set[int], set[int]]:
    """The texts to drop because they occur more than once, ignoring case.

    Returns:
        The positions of repetitions within one label (all but the first), and the positions of
        texts that occur under several labels (all of them, because none is the right one).
    """
    places: dict[str, list[int]] = defaultdict(list)
    for position, text in enumerate(texts):
        places[text.casefold()].append(position)
    repeated: set[int] = set()
    ambiguous: set[int] = set()
    for positions in places.values():
        if len({labels[position] for position in positions}) > 1:
            ambiguous.update(positions)
        else:
            repeated.update(positions[1:])
    return repeated, ambiguous


def near_duplicates(texts: Sequence[str], labels: Sequence[str], similar: Similarity) -> set[int]:
    """The positions of near-duplicates of an earlier text of the same label.

    A text is compared only with texts that are kept, so that a chain of small changes does not drop
    a text that differs a lot from all that are kept. Nothing is dropped across labels: the words in
    which such texts differ may be those that tell the labels apart.
    """

    @lru_cache(maxsize=_BATCH)
    def shingles(position: int) -> frozenset[str]:
        return similar.shingles(texts[position])

    dropped: set[int] = set()
    index = similar.index()
    batches = (texts[start : start + _BATCH] for start in range(0, len(texts), _BATCH))
    signatures = chain.from_iterable(map(similar.signatures, batches))
    for position, signature in enumerate(signatures):
        earlier = (i for i in index.query(signature) if labels[i] == labels[position])
        if any(jaccard(shingles(i), shingles(position)) >= similar.threshold for i in earlier):
            dropped.add(position)
        else:
            index.insert(position, signature)
    return dropped


def groups(texts: Sequence[str], signatures: Iterable[RMinHash], similar: Similarity) -> list[int]:
    """A number for each text, the same for near-duplicates and for chains of them.

    Groups are numbered in the order of their first texts, from 0.

    Args:
        texts: the texts.
        signatures: `similar.signature` of each text.
        similar: the criterion for near-duplicates.
    """

    @lru_cache(maxsize=_BATCH)
    def shingles(position: int) -> frozenset[str]:
        return similar.shingles(texts[position])

    leader = list(range(len(texts)))  # union-find: parents; a root is the first text of a group

    def first(position: int) -> int:
        while leader[position] != position:
            leader[position] = position = leader[leader[position]]
        return position

    index = similar.index()
    for position, signature in enumerate(signatures):
        for earlier in index.query(signature):
            a, b = first(earlier), first(position)
            if a != b and jaccard(shingles(earlier), shingles(position)) >= similar.threshold:
                leader[max(a, b)] = min(a, b)
        index.insert(position, signature)
    firsts = [first(position) for position in range(len(texts))]
    number = {position: i for i, position in enumerate(sorted(set(firsts)))}
    return [number[position] for position in firsts]


def jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    """Shared elements over all elements, in [0, 1]; 1 for two empty sets."""
    shared = len(a & b)
    union = len(a) + len(b) - shared
    return shared / union if union else 1.0
