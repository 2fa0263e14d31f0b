import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phytotron.errors import UserError
from phytotron.preprocess.documents import Pages
from phytotron.preprocess.split import SPLITS, assign_splits

FRACTIONS = {"train": 0.7, "validation": 0.15, "test": 0.15}


def make_pages(rows: list[tuple[int, int, int]]) -> Pages:
    """Pages from (label, group, paragraphs)."""
    labels, groups, counts = (np.array(column) for column in zip(*rows, strict=True))
    names = [f"class {number}" for number in range(labels.max() + 1)]
    return Pages([f"http://docs.test/{n}" for n in range(len(rows))], labels, groups, counts, names)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.lists(st.integers(1, 500), min_size=3, max_size=40), min_size=1, max_size=4),
    st.integers(0, 2**31),
)
def test_groups_stay_whole_and_every_class_is_everywhere(classes, seed):
    rows, group = [], 0
    for label, counts in enumerate(classes):
        for number, count in enumerate(counts):
            rows.append((label, group, count))
            # Beyond the third, pages come in pairs of near-duplicates.
            group += number < 3 or number % 2
    pages = make_pages(rows)
    split = assign_splits(pages, FRACTIONS, seed)
    for one in range(group):
        assert len(set(split[pages.groups == one])) <= 1
    for label in range(len(classes)):
        assert set(split[pages.labels == label]) == {0, 1, 2}


@pytest.mark.parametrize("pages_per_class", [11, 20, 60, 300])
def test_paragraphs_are_balanced_though_pages_are_unequal(pages_per_class):
    generator = np.random.default_rng(pages_per_class)
    counts = generator.lognormal(4, 1, pages_per_class).astype(int) + 1
    pages = make_pages([(0, group, count) for group, count in enumerate(counts)])
    split = assign_splits(pages, FRACTIONS, 0)
    shares = np.bincount(split, counts) / counts.sum()
    tolerance = 0.06 if pages_per_class < 20 else 0.02
    assert np.abs(shares - list(FRACTIONS.values())).max() < tolerance


def test_seed_decides_and_a_new_class_moves_no_other():
    few = [(0, group, 1 + group % 5) for group in range(30)]
    more = [*few, *((1, group, 3) for group in range(30, 50))]
    first = assign_splits(make_pages(few), FRACTIONS, 0)
    np.testing.assert_array_equal(first, assign_splits(make_pages(few), FRACTIONS, 0))
    np.testing.assert_array_equal(first, assign_splits(make_pages(more), FRACTIONS, 0)[:30])
    assert not np.array_equal(first, assign_splits(make_pages(few), FRACTIONS, 1))


def test_near_duplicates_with_different_labels_stay_together():
    rows = [(0, group, 4) for group in range(20)] + [(1, group, 4) for group in range(10)]
    pages = make_pages(rows)
    split = assign_splits(pages, FRACTIONS, 0)
    np.testing.assert_array_equal(split[:10], split[20:])
    assert set(split[20:]) == {0, 1, 2}


def test_too_few_groups_names_the_class_and_its_counts():
    rows = [(0, group, 2) for group in range(5)] + [(1, 5, 10), (1, 5, 10), (1, 6, 10)]
    with pytest.raises(UserError) as error:
        assign_splits(make_pages(rows), FRACTIONS, 0)
    assert "'class 1' has 3 page(s) in 2 group(s)" in str(error.value)
    assert "30 paragraph(s)" in str(error.value)
    assert "'class 0'" not in str(error.value)


def test_splits_are_in_order_of_precedence():
    assert SPLITS == ("train", "validation", "test")
