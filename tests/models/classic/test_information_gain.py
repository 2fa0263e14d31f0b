"""Entropy and information gain: the exact values of the speed table, and scikit-learn's tree."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier

from phytotron.data.speed_table import INPUTS, speed_table
from phytotron.models.classic.information_gain import best_threshold, children_entropy, entropy


@pytest.fixture(scope="module")
def table() -> tuple[np.ndarray, np.ndarray]:
    return tuple(np.asarray(part) for part in speed_table().train)


def test_the_entropy_of_the_speed_table(table):
    inputs, classes = table
    assert entropy(classes) == 1.0
    children = children_entropy(inputs[:, INPUTS.index("steep")] == 0, classes)
    assert children == pytest.approx(0.688722, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "gain"), [("steep", 0.311278), ("bumpy", 0.0), ("speed limit", 1.0)]
)
def test_the_gain_of_each_question(name, gain, table):
    inputs, classes = table
    threshold, gained = best_threshold(inputs[:, INPUTS.index(name)], classes)
    assert gained == pytest.approx(gain, abs=1e-6)
    assert threshold == 0.5


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_the_most_that_can_be_unknown(classes):
    assert entropy(np.arange(classes)) == pytest.approx(math.log2(classes))
    assert entropy(np.zeros(classes)) == 0


def test_an_input_with_one_value_tells_nothing():
    assert best_threshold(np.full(4, 7.0), np.array([0, 1, 0, 1])) == (7.0, 0.0)


def test_the_tree_asks_what_gains_most(table):
    tree = DecisionTreeClassifier(criterion="entropy").fit(*table).tree_
    assert INPUTS[tree.feature[0]] == "speed limit"
    assert tree.impurity[0] == 1.0
    assert tree.node_count == 3


def test_on_iris_both_petal_inputs_gain_the_same_and_the_second_node_asks_the_width():
    flowers = load_iris()
    gains = [best_threshold(values, flowers.target)[1] for values in flowers.data.T]
    assert gains[2] == pytest.approx(gains[3]) == pytest.approx(0.918296, abs=1e-6)
    assert max(gains[:2]) < 0.6
    tree = DecisionTreeClassifier(criterion="entropy", random_state=2)
    tree.fit(flowers.data[:, 2:], flowers.target)
    assert tree.tree_.threshold[0] == pytest.approx(
        best_threshold(flowers.data[:, 2], flowers.target)[0]
    )
    second = tree.tree_.children_right[0]
    assert (tree.tree_.feature[0], tree.tree_.feature[second]) == (0, 1)
