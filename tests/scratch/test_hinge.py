"""The linear SVM by its hinge loss is close to scikit-learn's LinearSVC and to our SMO."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import make_classification
from sklearn.svm import LinearSVC

from phytotron.scratch.hinge import LinearSVM, objective, pegasos
from phytotron.scratch.smo import SMO

pytestmark = pytest.mark.catalogue("B70")

X, Y = make_classification(90, 3, n_redundant=0, flip_y=0.1, class_sep=0.8, random_state=2)
SIGNS = 2.0 * Y - 1
ONES = np.column_stack([X, np.ones(len(X))])


@pytest.mark.parametrize("cost", [0.05, 1.0, 10.0])
def test_it_is_close_to_the_library_s(cost):
    ours = LinearSVM(cost=cost).fit(X, Y)
    theirs = LinearSVC(C=cost, loss="hinge", max_iter=100_000, tol=1e-8, random_state=0).fit(X, Y)
    best = np.append(theirs.coef_[0], theirs.intercept_)
    found = objective(ours.weights_, ONES, SIGNS, cost)
    assert found == pytest.approx(objective(best, ONES, SIGNS, cost), rel=2e-3)
    np.testing.assert_allclose(ours.weights_, best, atol=0.05 * np.abs(best).max())
    assert np.mean(ours.predict(X) == theirs.predict(X)) > 0.98
    np.testing.assert_allclose(ours.decision_function(X), ONES @ ours.weights_)


def test_it_is_the_primal_of_smo():
    """With the constant as a feature, and centred classes, whose bias is 0 in both."""
    x, y = np.vstack([X, -X]), np.concatenate([Y, 1 - Y])
    ours, dual = LinearSVM(cost=0.5).fit(x, y), SMO(cost=0.5, kernel="linear", tol=1e-6).fit(x, y)
    assert dual.intercept_ == pytest.approx(0, abs=1e-3)
    ones = np.column_stack([x, np.ones(len(x))])
    assert objective(ours.weights_, ones, 2.0 * y - 1, 0.5) == pytest.approx(
        dual.objective_, rel=2e-3
    )
    w = dual.dual_coef_ @ dual.support_vectors_
    np.testing.assert_allclose(ours.weights_[:-1], w, atol=0.03)


def test_the_objective_by_hand():
    """Scores 2 and 0.5 of the right side, -1 of the wrong one: slack 0, 0.5 and 2."""
    x, y = np.array([[2.0], [-0.5], [1.0]]), np.array([1.0, -1, -1])
    assert objective(np.array([1.0]), x, y, 4.0) == 0.5 + 4 * (0 + 0.5 + 2)


def test_the_first_update_is_a_step_along_pytorch_s_gradient():
    weights = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    scores = torch.tensor(ONES) @ weights
    hinge = torch.clamp(1 - torch.tensor(SIGNS) * scores, min=0)
    (weights @ weights / (2 * 90 * 3.0) + hinge.mean()).backward()
    expected = -weights.grad.numpy() * 90 * 3.0
    np.testing.assert_allclose(pegasos(ONES, SIGNS, 3.0, 1), expected, atol=1e-10)


def test_more_cost_leaves_less_slack():
    slack = {}
    for cost in (0.01, 10.0):
        weights = LinearSVM(cost=cost).fit(X, Y).weights_
        slack[cost] = objective(weights, ONES, SIGNS, 1.0) - weights @ weights / 2
    assert slack[10.0] < 0.8 * slack[0.01]


def test_classes_keep_their_names():
    model = LinearSVM(updates=500).fit([[0.0], [1.0], [4.0], [5.0]], ["a", "a", "b", "b"])
    assert model.predict([[-3.0], [9.0]]).tolist() == ["a", "b"]
