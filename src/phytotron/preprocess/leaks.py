"""Find paragraphs of one split that have a copy or a near-copy in another.

Documentation repeats sentences from page to page, so a split by page alone lets a model meet test
paragraphs in training. Two paragraphs are copies when their words are the same, and near-copies
when the Jaccard similarity of their word shingles reaches a threshold. MinHash with banding
(Broder, "On the resemblance and containment of documents", 1997; Leskovec, Rajaraman and Ullman,
"Mining of massive datasets", chapter 3) finds the candidates, each of which is then verified.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rensa import RMinHash, RMinHashLSH

from phytotron.preprocess.pieces import map_pieces

_WORDS = re.compile(r"\w+")
_PERMUTATIONS = 256
_MISSED = 1e-5  # largest probability that a search misses a pair at the threshold
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)  # 2^64 / golden ratio, for multiplicative hashing


@dataclass(frozen=True)
class Shingles:
    """Hashed word shingles of n paragraphs.

    Attributes:
        hashes: of all shingles, paragraph after paragraph, uint64.
        offsets: where each paragraph starts in `hashes`, int64, shape (n + 1,).
        keys: one hash of all words of a paragraph in order, uint64, shape (n,).
    """

    hashes: NDArray[np.uint64]
    offsets: NDArray[np.int64]
    keys: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.keys)

    def of(self, paragraph: int) -> set[int]:
        return set(self.hashes[self.offsets[paragraph] : self.offsets[paragraph + 1]].tolist())

    def take(self, paragraphs: NDArray[np.int64]) -> Shingles:
        lengths = np.diff(self.offsets)[paragraphs]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        positions = np.arange(offsets[-1]) + np.repeat(
            self.offsets[paragraphs] - offsets[:-1], lengths
        )
        return Shingles(self.hashes[positions], offsets, self.keys[paragraphs])

    def save(self, target: Path) -> None:
        np.savez(target, hashes=self.hashes, offsets=self.offsets, keys=self.keys)

    @staticmethod
    def load(path: Path) -> Shingles:
        with np.load(path) as file:
            return Shingles(file["hashes"], file["offsets"], file["keys"])

    @staticmethod
    def concatenate(parts: list[Shingles]) -> Shingles:
        ends = np.cumsum([len(part.hashes) for part in parts])
        offsets = [
            part.offsets[1:] + end - len(part.hashes) for part, end in zip(parts, ends, strict=True)
        ]
        return Shingles(
            np.concatenate([part.hashes for part in parts]),
            np.concatenate([[0], *offsets]),
            np.concatenate([part.keys for part in parts]),
        )


@dataclass(frozen=True)
class Leak:
    """Paragraph `removed` has a (near-)copy `kept` in a split that is evaluated later."""

    removed: int
    kept: int
    similarity: float  # Jaccard
    copy: bool  # the same words in the same order


def shingle(texts: pa.StringArray, words: int) -> Shingles:
    """Hash each run of `words` consecutive words; a shorter paragraph is one shingle.

    Words are compared after NFKC and case folding, without punctuation.
    """
    hashes, offsets = map_pieces(texts, _hash_words, np.uint64)
    lengths = np.diff(offsets)
    # Pad short paragraphs to the length of one shingle.
    padding = np.maximum(words - lengths, 0)
    padded = np.insert(hashes, np.repeat(offsets[1:], padding), np.uint64(0))
    ends = np.cumsum(lengths + padding)

    starts = np.ones(len(padded), bool)
    for last in range(1, words):
        starts[ends - last] = False
    positions = np.flatnonzero(starts)
    mixed = np.zeros(len(positions), np.uint64)
    for word in range(words):
        mixed = (mixed ^ padded[positions + word]) * _MULTIPLIER
        mixed ^= mixed >> np.uint64(32)
    counts = lengths + padding - words + 1
    keys = [
        _hash(padded[end - n : end].tobytes())
        for end, n in zip(ends, lengths + padding, strict=True)
    ]
    return Shingles(mixed, np.concatenate([[0], np.cumsum(counts)]), np.array(keys, np.uint64))


def find_leaks(
    shingles: Shingles, rank: NDArray[np.int8], *, threshold: float, seed: int
) -> list[Leak]:
    """Paragraphs that have a (near-)copy in a split of higher rank, each with one such copy.

    Args:
        rank: position of each paragraph's split: train, validation, test; -1 is left out.
        threshold: Jaccard similarity from which two paragraphs are near-copies, in (0, 1].
        seed: of the MinHash permutations; searches with different seeds are independent.
    """
    leaks = _find_copies(shingles.keys, rank)
    rest = rank.copy()
    rest[[leak.removed for leak in leaks]] = -1
    rows = np.flatnonzero(rest >= 0)
    if not len(rows):
        return leaks
    removed: set[int] = set()
    for bucket in _buckets(shingles.take(rows), rest[rows], threshold, seed):
        members = rows[bucket]
        ranks = rest[members]
        for paragraph, own_rank in zip(members.tolist(), ranks.tolist(), strict=True):
            if paragraph not in removed:
                leak = _first_near(shingles, paragraph, members[ranks > own_rank], threshold)
                if leak:
                    removed.add(paragraph)
                    leaks.append(leak)
    return sorted(leaks, key=lambda leak: leak.removed)


def _find_copies(keys: NDArray[np.uint64], rank: NDArray[np.int8]) -> list[Leak]:
    order = np.lexsort((rank, keys))
    order = order[rank[order] >= 0]
    last_of_key = np.append(np.flatnonzero(np.diff(keys[order])), len(order) - 1)
    highest = order[np.repeat(last_of_key, np.diff(last_of_key, prepend=-1))]
    leaking = rank[order] < rank[highest]
    pairs = zip(order[leaking].tolist(), highest[leaking].tolist(), strict=True)
    return [Leak(removed, kept, similarity=1.0, copy=True) for removed, kept in pairs]


def _buckets(
    shingles: Shingles, rank: NDArray[np.int8], threshold: float, seed: int
) -> Iterator[NDArray[np.int64]]:
    """Row numbers of paragraphs that share a band of their signatures and differ in rank."""
    rows, bands = _banding(threshold)
    permutations = (rows * bands, _hash(f"minhash {seed}".encode()))
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        shingles.hashes, shingles.offsets.astype(np.uint64), *permutations
    )
    index = RMinHashLSH(threshold, rows * bands, bands)
    # Converting signatures to Python numbers is slow: do so only for those that share a band.
    shared = np.flatnonzero(index.query_duplicate_flags_matrix_one_shot(matrix))
    if not len(shared):
        return
    candidates = shingles.take(shared)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(
        candidates.hashes, candidates.offsets.astype(np.uint64), *permutations
    )
    signatures = np.array(matrix.to_rows(), np.uint32).reshape(len(shared), bands, rows)
    for band in range(bands):
        key = np.ascontiguousarray(signatures[:, band]).view(f"V{4 * rows}").ravel()
        order = np.argsort(key, kind="stable")
        starts = np.concatenate([[0], np.flatnonzero(key[order][1:] != key[order][:-1]) + 1])
        ranks = rank[shared[order]]
        mixed = np.minimum.reduceat(ranks, starts) < np.maximum.reduceat(ranks, starts)
        stops = np.append(starts[1:], len(order))
        for start, stop in zip(starts[mixed], stops[mixed], strict=True):
            yield shared[order[start:stop]]


def _banding(threshold: float) -> tuple[int, int]:
    """Rows and bands of the signature: the most selective ones that `_MISSED` allows."""
    for rows in range(_PERMUTATIONS, 1, -1):
        bands = _PERMUTATIONS // rows
        if (1 - threshold**rows) ** bands <= _MISSED:
            return rows, bands
    return 1, _PERMUTATIONS


def _first_near(
    shingles: Shingles, paragraph: int, others: NDArray[np.int64], threshold: float
) -> Leak | None:
    own = shingles.of(paragraph)
    for other in others.tolist():
        found = shingles.of(other)
        common = len(own & found)
        similarity = common / (len(own) + len(found) - common)
        if similarity >= threshold:
            return Leak(paragraph, other, similarity, copy=False)
    return None


def _hash_words(pieces: list[str]) -> list[bytes]:
    words = [_WORDS.findall(unicodedata.normalize("NFKC", piece).casefold()) for piece in pieces]
    known = {word: _digest(word.encode()) for found in words for word in found}
    return [b"".join([known[word] for word in found]) for found in words]


def _hash(value: bytes) -> int:
    return int.from_bytes(_digest(value), "little")


def _digest(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=8).digest()
