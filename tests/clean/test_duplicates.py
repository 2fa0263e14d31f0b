"""Duplicates are dropped but for the first, and no text is dropped because of a hash alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from phytotron.clean.duplicates import (
    Similarity,
    exact_duplicates,
    groups,
    jaccard,
    near_duplicates,
)

SIMILAR = Similarity(0.7, shingle_words=2, permutations=120, bands=40)
SENTENCE = "open the file and save it under another name then close all other windows again"
WORDS = SENTENCE.split()


def test_the_first_of_equal_texts_is_kept_and_texts_of_several_labels_are_dropped():
    texts = ["Save it", "other", "save it", "Ok", "Ok"]
    assert exact_duplicates(texts, ["a", "a", "a", "a", "b"]) == ({2}, {3, 4})


def test_a_near_duplicate_is_dropped_within_its_label_only():
    base = " ".join(WORDS)
    near = " ".join([*WORDS[:-1], "now"])
    far = " ".join(reversed(WORDS))
    assert near_duplicates([base, near, far], ["a", "a", "a"], SIMILAR) == {1}
    assert near_duplicates([base, near, far], ["a", "b", "a"], SIMILAR) == set()


def test_a_chain_of_small_changes_is_compared_with_kept_texts():
    # each differs by a word from the one before: the last is far from the first
    chain = [
        " ".join(f"new{j}" if j < i else word for j, word in enumerate(WORDS)) for i in range(9)
    ]
    dropped = near_duplicates(chain, ["a"] * 9, SIMILAR)
    kept = [i for i in range(9) if i not in dropped]
    assert 0 in kept
    assert len(kept) > 1
    sets = [SIMILAR.shingles(text) for text in chain]
    for i in dropped:
        assert any(jaccard(sets[i], sets[k]) >= 0.7 for k in kept if k < i)


def test_pages_of_a_chain_share_a_group_numbered_by_first():
    a = " ".join(WORDS)
    b = " ".join([*WORDS[:-2], "x", "y"])
    c = " ".join([*WORDS[:-3], "w", "x", "y"])
    texts = ["something else altogether here", c, a, b]
    assert jaccard(SIMILAR.shingles(a), SIMILAR.shingles(c)) < SIMILAR.threshold
    assert groups(texts, SIMILAR.signatures(texts), SIMILAR) == [0, 1, 1, 1]


texts = st.lists(
    st.lists(st.sampled_from(WORDS[:5]), min_size=1, max_size=8).map(" ".join),
    max_size=12,
    unique=True,
)


@settings(deadline=None)
@given(texts, st.integers(0, 2))
def test_only_near_duplicates_of_a_kept_text_are_dropped(found, labels):
    labelled = [str(i % (labels + 1)) for i in range(len(found))]
    dropped = near_duplicates(found, labelled, SIMILAR)
    sets = [SIMILAR.shingles(text) for text in found]
    for i in dropped:
        assert any(
            jaccard(sets[i], sets[k]) >= SIMILAR.threshold and labelled[i] == labelled[k]
            for k in range(i)
            if k not in dropped
        )
    assert near_duplicates(found, labelled, SIMILAR) == dropped


@settings(deadline=None)
@given(texts)
def test_no_pair_above_the_threshold_is_left_in_two_groups(found):
    numbers = groups(found, SIMILAR.signatures(found), SIMILAR)
    sets = [SIMILAR.shingles(text) for text in found]
    assert sorted(set(numbers)) == list(range(len(set(numbers))))
    for i in range(len(found)):
        for k in range(i):
            if jaccard(sets[i], sets[k]) >= 0.9:  # 40 bands of 3: found but once in 10^27
                assert numbers[i] == numbers[k]
