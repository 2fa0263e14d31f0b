"""The tables of trees, variants and clusterings."""

from types import SimpleNamespace

import numpy as np
import pytest

from phytotron.figures.classic import clusters_by_class, information_gains, variant_table


def test_an_input_that_separates_the_classes_gains_one_bit(trained, two_classes):
    width, height = information_gains.draw(trained(data=two_classes))
    assert (width["input"], height["input"]) == ("width", "height")
    assert (width["parent"], width["gain"], width["children"]) == pytest.approx((1, 1, 0))
    assert 1 < width["threshold"] < 8
    # 0 | 0, 1 | 2 on both sides: the best threshold has 0 and 1 (3 low, 2 high) below it.
    entropy = -(0.6 * np.log2(0.6) + 0.4 * np.log2(0.4)) * 5 / 6
    assert height["children"] == pytest.approx(entropy)
    assert height["gain"] == pytest.approx(1 - entropy)


def test_groups_are_counted_by_class(trained, two_classes):
    model = SimpleNamespace(labels_=np.array([0, 0, 1, 1, 1, 1]))
    assert clusters_by_class.draw(trained(model, data=two_classes)) == [
        {"class": "low", "group_0": 2, "group_1": 1},
        {"class": "high", "group_0": 0, "group_1": 3},
    ]


def test_a_variant_has_its_folds_and_its_splits(trained, two_classes, right_of):
    two_classes.test = None
    model = SimpleNamespace(scores_={"a": np.array([0.5, 1.0])}, estimators_={"a": right_of(8.5)})
    (row,) = variant_table.draw(trained(model, data=two_classes))
    assert row == {
        "variant": "a", "folds_mean": 0.75, "folds_std": 0.25, "train": pytest.approx(5 / 6),
    }  # fmt: skip
