"""BLEU equals torchmetrics' and the worked example of the catalogue (row K25)."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from torchmetrics.functional.text import bleu_score

from phytotron.scratch.bleu import bleu, brevity_penalty, clipped_matches, ngrams

SENTENCES = ["the cat is on the mat", "there is a cat on the mat"]
REFERENCES = [sentence.split() for sentence in SENTENCES]
THE = ["the"] * 7
CATS = ["the", "cat", "the", "cat", "on", "the", "mat"]

words = st.lists(st.sampled_from("abc"), min_size=1, max_size=9)
# References of different lengths: of two that are as close, libraries choose differently.
sentences = st.tuples(
    words, st.lists(words, min_size=1, max_size=3, unique_by=lambda sentence: len(sentence))
)


def test_clipped_and_plain_counts_of_the_example():
    assert sum(count for word, count in ngrams(THE, 1).items() if word == ("the",)) == 7  # 7 / 7
    assert clipped_matches(THE, REFERENCES, 1) == (2, 7)
    assert clipped_matches(CATS, REFERENCES, 2) == (4, 6)


def test_the_bigrams_of_the_example():
    found = {" ".join(pair): count for pair, count in ngrams(CATS, 2).items()}
    assert found == {"the cat": 2, "cat the": 1, "cat on": 1, "on the": 1, "the mat": 1}


@pytest.mark.parametrize(
    ("translated", "reference", "penalty"),
    [(7, 6, 1), (6, 6, 1), (5, 6, math.exp(-0.2)), (1, 3, math.exp(-2)), (0, 3, 0)],
)
def test_the_penalty_is_for_short_translations(translated, reference, penalty):
    assert brevity_penalty(translated, reference) == pytest.approx(penalty)


def test_a_translation_that_is_its_reference_has_1():
    assert bleu(REFERENCES, [[each] for each in REFERENCES]) == 1


def test_by_hand():
    """p1 = 4/5, p2 = 2/4, BP = exp(1 - 6/5)."""
    expected = math.exp(1 - 6 / 5) * math.sqrt(4 / 5 * 2 / 4)
    assert bleu([list("abcdx")], [[list("abdcdy")]], max_n=2) == pytest.approx(expected)


@given(
    st.lists(sentences, min_size=1, max_size=5),
    st.integers(1, 4),
    st.booleans(),
)
def test_it_is_the_library_s(corpus, max_n, smooth):
    translations = [own for own, _ in corpus]
    references = [others for _, others in corpus]
    for own, others in corpus:
        distances = [abs(len(each) - len(own)) for each in others]
        assume(len(set(distances)) == len(distances))
    # torchmetrics gives 0 when a count is 0, even if it is to smooth it.
    counts = [
        sum(clipped_matches(own, others, n)[0] for own, others in corpus)
        for n in range(1, max_n + 1)
    ]
    assume(all(counts) or not smooth)
    expected = bleu_score(
        [" ".join(own) for own in translations],
        [[" ".join(each) for each in others] for others in references],
        n_gram=max_n,
        smooth=smooth,
    )
    assert bleu(translations, references, max_n, smooth) == pytest.approx(
        expected.item(), rel=1e-5, abs=1e-7
    )


def test_of_two_references_that_are_as_close_the_shorter_counts():
    own, others = list("abcd"), [list("abcde"), list("abc")]
    assert bleu([own], [others], max_n=3) == bleu([own], [others[::-1]], max_n=3) == 1


def test_it_is_of_the_corpus_and_not_the_mean_of_sentences():
    translations = [list("abcd"), list("xy")]
    references = [[list("abcd")], [list("zw")]]
    assert bleu(translations, references, max_n=1) == pytest.approx(4 / 6)
    assert bleu(translations, references, max_n=2) == pytest.approx(math.sqrt(4 / 6 * 3 / 4))


def test_smoothing_counts_one_n_gram_more_above_1():
    assert bleu([list("abxc")], [[list("cbax")]], max_n=2) == 0
    smooth = bleu([list("abxc")], [[list("cbax")]], max_n=2, smooth=True)
    assert smooth == pytest.approx(math.sqrt(1 * 1 / 4))


def test_without_a_common_n_gram_it_is_0():
    assert bleu([list("abc")], [[list("xyz")]], smooth=True) == 0


def test_each_translation_needs_references():
    with pytest.raises(ValueError, match="zip"):
        bleu([list("ab"), list("cd")], [[list("ab")]])
