import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.preprocess.leaks import Shingles, find_leaks, shingle


def test_words_make_a_copy_not_case_or_punctuation():
    shingles = shingle(
        pa.array(
            [
                "Available in 2.4, and later.",
                "available IN 2.4 and later",
                "available later and in 2.4",
            ]
        ),
        2,
    )
    assert shingles.keys[0] == shingles.keys[1] != shingles.keys[2]
    assert shingles.of(0) == shingles.of(1) != shingles.of(2)


def test_shingles_are_runs_of_words():
    shingles = shingle(
        pa.array(["one two three four", "three four", "four three", "one", "...", ""]), 2
    )
    assert [len(shingles.of(number)) for number in range(6)] == [3, 1, 1, 1, 1, 1]
    assert shingles.of(1) < shingles.of(0)
    assert not shingles.of(2) & shingles.of(0)


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), max_size=7), min_size=1, max_size=6),
    st.integers(1, 4),
)
def test_jaccard_of_hashes_is_jaccard_of_words(rows, length):
    shingles = shingle(pa.array([" ".join(row) for row in rows]), length)

    def exact(row):
        return {
            tuple(row[start : start + length]) for start in range(max(1, len(row) - length + 1))
        }

    for one in range(len(rows)):
        for other in range(len(rows)):
            assert len(shingles.of(one) & shingles.of(other)) == len(
                exact(rows[one]) & exact(rows[other])
            )


def test_parts_and_selection_keep_their_paragraphs(corpus):
    texts = [corpus.sentence(words) for words in range(1, 20)]
    whole = shingle(pa.array(texts), 2)
    joined = Shingles.concatenate(
        [shingle(pa.array(texts[:7]), 2), shingle(pa.array(texts[7:]), 2)]
    )
    taken = whole.take(np.array([4, 0, 18]))
    for number in range(len(texts)):
        assert joined.of(number) == whole.of(number)
    assert [taken.of(0), taken.of(1), taken.of(2)] == [whole.of(4), whole.of(0), whole.of(18)]
    np.testing.assert_array_equal(joined.keys, whole.keys)


def test_removes_from_the_split_that_is_used_first():
    text = "the index is built without taking any lock on the table"
    shingles = shingle(pa.array([text, text, text, "something else entirely", text]), 2)
    leaks = find_leaks(shingles, np.array([0, 1, 2, 0, -1], np.int8), threshold=0.8, seed=0)
    assert [(leak.removed, leak.kept, leak.copy) for leak in leaks] == [(0, 2, True), (1, 2, True)]


def test_repetition_inside_a_split_is_no_leak():
    shingles = shingle(pa.array(["the same words in train again"] * 3), 2)
    assert find_leaks(shingles, np.zeros(3, np.int8), threshold=0.8, seed=0) == []


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9])
def test_finds_the_leaks_that_comparing_all_pairs_finds(corpus, threshold):
    originals = [corpus.sentence(int(corpus.generator.integers(5, 40))) for _ in range(150)]
    texts = list(originals)
    for text in originals:
        words = text.split()
        for changes in (0, 1, 2, 4):
            changed = list(words)
            for _ in range(changes):
                changed[int(corpus.generator.integers(len(words)))] = corpus.sentence(1)
            texts.append(" ".join(changed))
    rank = corpus.generator.integers(0, 3, len(texts)).astype(np.int8)
    shingles = shingle(pa.array(texts), 2)
    sets = [shingles.of(number) for number in range(len(texts))]

    def similarity(one, other):
        return len(sets[one] & sets[other]) / len(sets[one] | sets[other])

    expected = {
        one
        for one in range(len(texts))
        for other in range(len(texts))
        if rank[other] > rank[one] and similarity(one, other) >= threshold
    }
    leaks = find_leaks(shingles, rank, threshold=threshold, seed=0)
    assert {leak.removed for leak in leaks} == expected
    assert len(expected) > 50
    for leak in leaks:
        assert leak.similarity == similarity(leak.removed, leak.kept) >= threshold
        assert rank[leak.kept] > rank[leak.removed]
