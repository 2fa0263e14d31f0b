"""IBM Model 1 learns a lexicon from sentences, n-grams are probabilities, and the search finds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.data.en_fr import BEGIN, END, read_en_fr, translation_module
from phytotron.models.sequence.ngrams import NgramModel
from phytotron.models.sequence.statistical_translator import StatisticalTranslator
from phytotron.models.sequence.word_alignment import NULL, WordAlignment

# The classic: das Haus, das Buch, ein Buch; the house, the book, a book.
DAS, HAUS, BUCH, EIN = 4, 5, 6, 7
THE, HOUSE, BOOK, A = 4, 5, 6, 7
GERMAN = [np.array(s) for s in ([DAS, HAUS], [DAS, BUCH], [EIN, BUCH])]
ENGLISH = [np.array(s) for s in ([THE, HOUSE], [THE, BOOK], [A, BOOK])]


def probability(model, said, given):
    (entry,) = np.flatnonzero((model.emitted_ == said) & (model.given_ == given))
    return model.probabilities_[entry]


def test_the_toy_lexicon_is_recovered():
    model = WordAlignment(iterations=200).fit(ENGLISH, GERMAN)
    for german, english in ((DAS, THE), (HAUS, HOUSE), (BUCH, BOOK), (EIN, A)):
        assert probability(model, english, german) > 0.95
    assert model.align(ENGLISH[1], GERMAN[1]).tolist() == [0, 1]


def test_the_first_iteration_is_the_one_by_hand():
    """Uniform at first: t = 1/3 for das (the, house, book) and Buch, 1/2 for Haus, 1/4 for NULL."""
    model = WordAlignment(iterations=1).fit(ENGLISH, GERMAN)
    das, haus, buch, null = 1 / 3, 1 / 2, 1 / 3, 1 / 4
    with_haus, with_buch = das / (das + haus + null), das / (das + buch + null)
    counts = {THE: with_haus + with_buch, HOUSE: with_haus, BOOK: with_buch}
    for word, count in counts.items():
        assert probability(model, word, DAS) == pytest.approx(count / sum(counts.values()))


@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(4, 9), min_size=1, max_size=5),
            st.lists(st.integers(4, 9), min_size=1, max_size=5),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_no_iteration_lowers_the_likelihood_and_probabilities_sum_to_one(pairs):
    said, given_ = zip(*[(np.array(s), np.array(g)) for s, g in pairs], strict=True)
    model = WordAlignment(iterations=8).fit(said, given_)
    assert np.diff(model.log_likelihoods_).min() > -1e-12
    sums = np.bincount(model.given_, model.probabilities_)
    np.testing.assert_allclose(sums[np.unique(model.given_)], 1)
    assert NULL in model.given_


SENTENCES = [np.array([BEGIN, *words, END]) for words in ([4, 5, 6], [4, 5], [5, 6, 4], [7])]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_the_probabilities_of_all_words_sum_to_one_after_any_history(order):
    reader = NgramModel(9, order).fit(SENTENCES).reader()
    for history in ((BEGIN,), (BEGIN, 4), (4, 5), (8, 8), (7, 5)):
        total = sum(np.exp(reader.log_probability(history, word)) for word in range(9))
        assert total == pytest.approx(1)


def test_a_discounted_trigram_is_its_formula():
    reader = NgramModel(9, 3, discount=0.5).fit(SENTENCES).reader()
    # words after the begins: 4 5 6 E, 4 5 E, 5 6 4 E, 7 E: 13, of which 4 three times
    of_four = (3 - 0.5) / 13 + 0.5 * 5 / 13 / 9
    after_five = (1 - 0.5) / 3 * 0 + 0.5 * 2 / 3 * of_four  # followed by 6, END, 6, never by 4
    after_four_five = 0.5 * 2 / 2 * after_five  # followed by 6 and END
    assert np.exp(reader.log_probability((BEGIN, 4, 5), 4)) == pytest.approx(after_four_five)
    seen = np.exp(reader.log_probability((BEGIN, 4), 5))
    assert seen > 0.7


@pytest.fixture(scope="module")
def data():
    return translation_module(
        read_en_fr(english=[], french=[], tiny=True), batch_size=16, validation=16,
        test_samples=16, seed=0, split_seed=0, max_source_words=10, max_target_words=10,
        min_count=1, tiny=True,
    )  # fmt: skip


def test_phrases_are_translated_with_the_adjective_in_its_new_place(data):
    model = StatisticalTranslator(data.dimensions["target_vocabulary"], fillers=2)
    measured = model.fit(data).measure(data)
    assert measured["train/smallest_gain"] >= 0
    assert measured["test/bleu"] > 90
    losses = [row["train_loss"] for row in model.history_]
    assert losses == sorted(losses, reverse=True)


def test_every_word_of_the_source_is_said_also_a_single_unknown_one(data):
    model = StatisticalTranslator(data.dimensions["target_vocabulary"]).fit(data)
    (translation,) = model.translate([np.array([1])])
    assert translation.dtype == np.int64
