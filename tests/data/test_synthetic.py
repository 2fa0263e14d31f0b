"""Generated points have the properties of their descriptions."""

from __future__ import annotations

import numpy as np
import pytest

from phytotron.data import synthetic
from phytotron.data.random_table import random_table
from phytotron.data.tables import table_module

pytestmark = pytest.mark.catalogue("A17")


def test_two_classes_are_those_of_the_catalogue():
    inputs, labels = synthetic.two_classes(1000, 0.8, 42)
    assert inputs.shape == (1000, 2)
    assert np.bincount(labels).tolist() == [501, 499]


def test_a_straight_line_does_not_tell_the_petals_of_the_flower_apart():
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    inputs, labels = synthetic.planar_flower(400, 0.2, 3)
    assert np.bincount(labels).tolist() == [200, 200]
    assert np.linalg.norm(inputs, axis=1).max() < 5
    assert LogisticRegression().fit(inputs, labels).score(inputs, labels) < 0.55
    assert KNeighborsClassifier(9).fit(inputs, labels).score(inputs, labels) > 0.85


def test_the_disc_is_inside_the_ring():
    inputs, labels = synthetic.circle(500, 0.0, 0)
    radius = np.linalg.norm(inputs, axis=1)
    assert np.bincount(labels).tolist() == [250, 250]
    assert radius[labels == 1].max() <= 2.5
    assert 3.5 <= radius[labels == 0].min() <= radius[labels == 0].max() <= 5


def test_noise_lets_disc_and_ring_overlap():
    inputs, labels = synthetic.circle(500, 0.5, 0)
    assert np.linalg.norm(inputs[labels == 1], axis=1).max() > 3.5


def test_xor_is_true_where_one_input_is():
    inputs, labels = synthetic.xor()
    assert {
        (*point, label) for point, label in zip(inputs.tolist(), labels.tolist(), strict=True)
    } == {
        (0, 0, 0),
        (0, 1, 1),
        (1, 0, 1),
        (1, 1, 0),
    }


@pytest.mark.parametrize("arms", [2, 3])
def test_each_spiral_is_a_class(arms):
    inputs, labels = synthetic.spirals(300, arms, 1.0, 0.0, 0)
    assert np.bincount(labels).tolist() == [300 // arms] * arms
    turned = 2 * np.pi / arms
    rotation = np.array([[np.cos(turned), np.sin(turned)], [-np.sin(turned), np.cos(turned)]])
    assert np.allclose(inputs[labels == 0] @ rotation, inputs[labels == 1], atol=1e-6)


def test_the_line_and_the_curve_follow_their_formulas():
    line = synthetic.line(-1, 4, test=10)
    x, y = line.train
    assert np.column_stack([x, y]).tolist() == [
        [-1, -3], [0, -1], [1, 1], [2, 3], [3, 5], [4, 7],
    ]  # fmt: skip
    assert [part.tolist() for part in line.test] == [[[10]], [[19]]]
    x, y = synthetic.curve(5)
    assert x[:, 0].tolist() == [-1, -0.5, 0, 0.5, 1]
    assert y[:, 0] == pytest.approx([-0.5, 0, 0.5, 0, -0.5], abs=1e-5)


def test_the_same_seed_draws_the_same_points():
    for draw in (
        lambda seed: synthetic.planar_flower(40, 0.2, seed),
        lambda seed: synthetic.circle(40, 0.0, seed),
        lambda seed: synthetic.spirals(40, 2, 1.0, 0.1, seed),
        lambda seed: synthetic.moons(40, 0.1, seed),
    ):
        assert (draw(0)[0] == draw(0)[0]).all()
        assert (draw(0)[0] != draw(1)[0]).any()


def test_a_random_table_has_two_inputs():
    read = random_table(rows=100, id_columns=3, vocabulary=50, number_columns=4, generator_seed=0)
    data = table_module(read, batch_size=10, validation=0, seed=0)
    assert data.dimensions == {
        "num_outputs": 1,
        "vocabulary": 50,
        "id_columns": 3,
        "number_columns": 4,
    }
    for ids, numbers, targets in data.train_dataloader():
        assert ids.shape == (10, 3)
        assert numbers.shape == (10, 4)
        assert set(targets.flatten().tolist()) <= {0, 1}
