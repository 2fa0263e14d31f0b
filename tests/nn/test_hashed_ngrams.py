"""Hashed n-grams against a loop in plain Python."""

import torch
from hypothesis import given
from hypothesis import strategies as st

from phytotron.nn.hashed_ngrams import HashedNgrams

VOCABULARY, BUCKETS = 60_000, 1000


def reference(row: list[int], order: int) -> list[list[int]]:
    """The ids of each order, by arithmetic on unbounded whole numbers."""
    ids, hashed = [row], row
    for n in range(2, order + 1):
        last = row[n - 1 :]
        hashed = [
            ((old * 0x9E3779B1) ^ (new + n)) % 2**31 for old, new in zip(hashed, last, strict=False)
        ]
        ids.append([VOCABULARY + (h ^ (h >> 15)) % BUCKETS for h in hashed])
    return ids


@given(st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=12), st.integers(1, 4))
def test_it_equals_a_loop_over_the_tokens(row, order):
    ngrams = HashedNgrams(VOCABULARY, order, BUCKETS)
    expected = [i for ids in reference(row, order) for i in ids]
    assert ngrams(torch.tensor([row]))[0].tolist() == expected


def test_padding_adds_nothing_but_zeros():
    ngrams = HashedNgrams(VOCABULARY, 3, BUCKETS)
    alone = ngrams(torch.tensor([[7, 8, 9]]))[0]
    padded = ngrams(torch.tensor([[7, 8, 9, 0, 0]]))[0]
    assert padded[padded != 0].tolist() == alone.tolist()


def test_the_hashes_fill_the_buckets_evenly():
    tokens = torch.arange(2, 40_002).reshape(200, 200)
    ids = HashedNgrams(VOCABULARY, 2, BUCKETS)(tokens)[:, 200:] - VOCABULARY
    counts = torch.bincount(ids.flatten(), minlength=BUCKETS).double()
    # Poisson: the variance of the counts is their mean (39.8).
    assert 0.7 < counts.var() / counts.mean() < 1.4
    assert ids.min() >= 0
    assert ids.max() < BUCKETS
