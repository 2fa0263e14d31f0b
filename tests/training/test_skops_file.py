"""Estimators on the disk: the same bytes for the same estimator, and no foreign types."""

from __future__ import annotations

import fractions

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from phytotron.errors import UserError
from phytotron.models.text.tfidf import TfidfLogisticRegression
from phytotron.training.skops_file import load_estimator, save_estimator

TEXTS = ["an index on a table", "the head of a function", "a table of rows", "a function's body"]


def fitted() -> TfidfLogisticRegression:
    estimator = TfidfLogisticRegression(
        ngrams=2, features=512, inverse_regularization=10, balance=0.5, iterations=5, seed=0
    )
    return estimator.fit(TEXTS, np.array([0, 1, 0, 1]))


def test_it_comes_back_as_it_was(tmp_path):
    estimator = fitted()
    save_estimator(estimator, tmp_path / "model.skops")
    loaded = load_estimator(tmp_path / "model.skops")
    assert np.array_equal(loaded.predict_proba(TEXTS), estimator.predict_proba(TEXTS))
    assert loaded.get_params() == estimator.get_params()


def test_an_equal_estimator_gives_equal_bytes(tmp_path):
    keep = [fitted() for _ in range(3)]  # alive together, so at different addresses
    for number, estimator in enumerate(keep):
        estimator.predict(TEXTS)
        # What scikit-learn keeps here is the address of an object, another one in each process.
        estimator.pipeline_["count"]._stop_words_id = 1000 + number
        save_estimator(estimator, tmp_path / f"{number}.skops")
    contents = {(tmp_path / f"{number}.skops").read_bytes() for number in range(3)}
    assert len(contents) == 1


def a_tree() -> DecisionTreeClassifier:
    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    return DecisionTreeClassifier(random_state=0).fit(points, [0, 1, 1, 0])


def test_a_tree_comes_back_as_it_was(tmp_path):
    tree = a_tree()
    save_estimator(tree, tmp_path / "model.skops")
    loaded = load_estimator(tmp_path / "model.skops")
    assert loaded.predict([[0, 0], [0, 1]]).tolist() == [0, 1]
    assert loaded.tree_.threshold.tolist() == tree.tree_.threshold.tolist()


@pytest.mark.parametrize(
    ("field", "value"),
    [("left_child", 1000), ("right_child", 0), ("left_child", -7), ("feature", 99)],
)
def test_a_tree_that_would_read_beside_its_nodes_is_refused(field, value, tmp_path):
    """Its prediction would follow the numbers of a file anywhere in memory."""
    tree = a_tree()
    state = tree.tree_.__getstate__()
    state["nodes"][field][0] = value
    tree.tree_.__setstate__(state)
    save_estimator(make_pipeline(StandardScaler(), tree), tmp_path / "model.skops")
    with pytest.raises(UserError, match="a decision tree that is not valid"):
        load_estimator(tmp_path / "model.skops")


def test_types_that_we_do_not_use_are_refused(tmp_path):
    estimator = LogisticRegression()
    estimator.extra = fractions.Fraction(1, 3)
    skops.io.dump(estimator, tmp_path / "model.skops")
    with pytest.raises(UserError, match=r"fractions\.Fraction"):
        load_estimator(tmp_path / "model.skops")
