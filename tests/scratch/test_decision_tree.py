"""The tree has scikit-learn's splits, node by node."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris, make_classification
from sklearn.tree import DecisionTreeClassifier

from phytotron.scratch.decision_tree import IMPURITIES, DecisionTree, best_split, entropy, gini
from phytotron.training.skops_file import load_estimator, save_estimator

# Continuous features, and classes that overlap.
X, Y = make_classification(
    1000,
    4,
    n_informative=3,
    n_redundant=0,
    n_classes=3,
    n_clusters_per_class=1,
    flip_y=0.2,
    random_state=0,
)
X = X.astype(np.float32)  # scikit-learn's trees read float32
# In small nodes several features gain the same, and the library's choice is random: see below.
SETTINGS = [{"min_samples_split": 150}, {"max_depth": 3}, {"max_depth": 1}]
# Grade steep, bumpy, with a speed limit; slow.
SPEED = np.array([[1, 1, 1], [1, 0, 1], [0, 1, 0], [1, 0, 0.0]])
SLOW = np.array([1, 1, 0, 0])


@pytest.mark.parametrize("criterion", IMPURITIES)
@pytest.mark.parametrize("settings", SETTINGS)
def test_the_nodes_are_the_library_s(criterion, settings):
    ours = DecisionTree(criterion=criterion, **settings).fit(X, Y)
    tree = DecisionTreeClassifier(criterion=criterion, random_state=0, **settings).fit(X, Y).tree_
    leaf = tree.children_left < 0
    assert np.array_equal(ours.left_, tree.children_left)
    assert np.array_equal(ours.right_, tree.children_right)
    assert np.array_equal(ours.feature_, np.where(leaf, -1, tree.feature))
    assert np.array_equal(ours.samples_, tree.n_node_samples)
    np.testing.assert_allclose(ours.threshold_, np.where(leaf, 0, tree.threshold), atol=1e-7)
    np.testing.assert_allclose(ours.impurity_, tree.impurity, atol=1e-12)
    np.testing.assert_allclose(ours.shares_, tree.value[:, 0], atol=1e-12)
    new = X + np.float32(0.05)
    assert np.array_equal(ours.apply(new), tree.apply(new))


@pytest.mark.parametrize("criterion", IMPURITIES)
def test_each_split_of_a_whole_tree_gains_what_the_library_s_does(criterion):
    """In every node of the library's tree, down to pairs of samples."""
    model = DecisionTreeClassifier(criterion=criterion, random_state=0).fit(X, Y)
    tree, members = model.tree_, model.decision_path(X).toarray().astype(bool)
    inner = np.flatnonzero(tree.children_left >= 0)
    for node in inner:
        left, right = tree.children_left[node], tree.children_right[node]
        children = sum(tree.impurity[child] * tree.n_node_samples[child] for child in (left, right))
        gain = tree.impurity[node] - children / tree.n_node_samples[node]
        split = best_split(
            X[members[:, node]], np.eye(3)[Y[members[:, node]]], IMPURITIES[criterion]
        )
        assert split.gain == pytest.approx(gain, abs=1e-9)
    assert len(inner) > 100


@pytest.mark.parametrize("criterion", IMPURITIES)
def test_a_tree_without_limits_knows_its_samples(criterion):
    model = DecisionTree(criterion=criterion).fit(X, Y)
    assert model.score(X, Y) == 1
    leaves = model.feature_ < 0
    assert not model.impurity_[leaves].any()
    assert model.samples_[leaves].sum() == len(X)


def test_no_node_is_deeper_than_allowed():
    assert DecisionTree(criterion="gini", max_depth=0).fit(X, Y).feature_.tolist() == [-1]


@pytest.mark.parametrize("criterion", IMPURITIES)
def test_predictions_are_the_library_s(criterion):
    settings = {"criterion": criterion, "min_samples_split": 150}
    ours = DecisionTree(**settings).fit(X[:800], Y[:800] + 5)
    theirs = DecisionTreeClassifier(random_state=0, **settings).fit(X[:800], Y[:800] + 5)
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X))
    assert np.array_equal(ours.predict(X), theirs.predict(X))
    assert ours.score(X[800:], Y[800:] + 5) == theirs.score(X[800:], Y[800:] + 5)


@pytest.mark.parametrize(("feature", "gain"), [(0, 0.311278), (1, 0.0), (2, 1.0)])
def test_the_gains_of_the_speed_table(feature, gain):
    split = best_split(SPEED[:, [feature]], np.eye(2)[SLOW], entropy)
    assert split.gain == pytest.approx(gain, abs=1e-6)
    assert split.threshold == 0.5


def test_the_entropies_of_the_speed_table():
    assert entropy(np.array([0.5, 0.5])) == 1
    children = 3 / 4 * entropy(np.array([2 / 3, 1 / 3])) + 1 / 4 * entropy(np.array([1.0, 0]))
    assert children == pytest.approx(0.688722, abs=1e-6)
    without_limit = DecisionTree(criterion="entropy").fit(SPEED[:, :2], SLOW)
    assert without_limit.feature_[0] == 0
    assert DecisionTree(criterion="entropy").fit(SPEED, SLOW).feature_.tolist() == [2, -1, -1]


def test_the_impurities_of_pure_and_of_even_shares():
    for k in (2, 3, 8):
        even = np.full(k, 1 / k)
        assert entropy(even) == pytest.approx(np.log2(k))
        assert gini(even) == pytest.approx(1 - 1 / k)
        assert entropy(np.eye(k)).tolist() == gini(np.eye(k)).tolist() == [0] * k


@given(st.lists(st.floats(0.01, 1), min_size=2, max_size=5))
def test_gini_is_how_often_two_draws_differ(weights):
    shares = np.array(weights) / sum(weights)
    differ = sum(
        shares[a] * shares[b] for a in range(len(shares)) for b in range(len(shares)) if a != b
    )
    assert gini(shares) == pytest.approx(differ)


def test_a_sample_at_the_threshold_goes_to_the_left():
    model = DecisionTree(criterion="gini").fit([[0.0], [1.0]], [7, 9])
    assert model.predict([[0.5], [0.51]]).tolist() == [7, 9]


def test_the_first_of_equal_splits_is_taken():
    split = best_split(np.array([[0, 0], [1, 1.0]]), np.eye(2), gini)
    assert split == (0, 0.5, 0.5)


@pytest.mark.parametrize("criterion", IMPURITIES)
def test_xor_is_split_although_the_first_split_gains_nothing(criterion):
    x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    model = DecisionTree(criterion=criterion).fit(x, y)
    assert model.predict(x).tolist() == y
    assert len(model.feature_) == 7


def test_equal_samples_of_two_classes_stay_one_leaf():
    model = DecisionTree(criterion="gini").fit([[1.0], [1.0], [1.0]], [4, 7, 7])
    assert model.feature_.tolist() == [-1]
    assert model.predict([[3.0]]).tolist() == [7]
    assert best_split(np.ones((3, 2)), np.eye(3), gini) is None


@pytest.mark.parametrize("criterion", IMPURITIES)
def test_the_root_of_iris(criterion):
    """Length and width of the petal gain the same; the length comes first."""
    flowers = load_iris()
    model = DecisionTree(criterion=criterion).fit(flowers.data, flowers.target)
    assert (model.feature_[0], model.threshold_[0]) == (2, pytest.approx(2.45))
    if criterion == "entropy":
        assert model.impurity_[0] == pytest.approx(np.log2(3))
        split = best_split(flowers.data, np.eye(3)[flowers.target], entropy)
        assert split.gain == pytest.approx(0.918296, abs=1e-6)
    assert model.score(flowers.data, flowers.target) == 1


def test_it_survives_saving(tmp_path):
    model = DecisionTree(criterion="gini", max_depth=3).fit(X, Y)
    save_estimator(model, tmp_path / "tree")
    assert np.array_equal(load_estimator(tmp_path / "tree").predict(X), model.predict(X))
