"""The support vector machine equals scikit-learn's; its kernels are inner products."""

from __future__ import annotations

import math
from itertools import combinations_with_replacement

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris, make_classification
from sklearn.multiclass import OneVsOneClassifier
from sklearn.svm import SVC

from phytotron.scratch.kernels import KERNELS, polynomial, quadratic_features, rbf
from phytotron.scratch.smo import SMO, dual_objective, primal_objective, solve
from phytotron.training.skops_file import load_estimator, save_estimator

pytestmark = pytest.mark.catalogue("B68", "B69", "B71", "B72")

X, Y = make_classification(80, 3, n_redundant=0, flip_y=0.15, class_sep=0.7, random_state=1)
NEW = X[::-1] + 0.2
IRIS = load_iris()
MACHINES = {
    "linear": ({"kernel": "linear"}, {"kernel": "linear"}),
    "rbf": ({"kernel": "rbf", "settings": {"gamma": 0.7}}, {"kernel": "rbf", "gamma": 0.7}),
    "polynomial": (
        {"kernel": "polynomial", "settings": {"gamma": 0.3, "degree": 2, "coef0": 0.5}},
        {"kernel": "poly", "gamma": 0.3, "degree": 2, "coef0": 0.5},
    ),
    "sigmoid": (
        {"kernel": "sigmoid", "settings": {"gamma": 0.1, "coef0": -0.5}},
        {"kernel": "sigmoid", "gamma": 0.1, "coef0": -0.5},
    ),
}


def library_objective(machine):
    """The dual's value at the library's solution."""
    kernel = machine.kernel if machine.kernel != "poly" else "polynomial"
    names = {"linear": [], "rbf": ["gamma"], "sigmoid": ["gamma", "coef0"]}
    chosen = names.get(kernel, ["gamma", "degree", "coef0"])
    settings = {name: getattr(machine, name) for name in chosen}
    vectors, weights = machine.support_vectors_, machine.dual_coef_[0]
    gram = KERNELS[kernel](vectors, vectors, **settings)
    return np.abs(weights).sum() - weights @ gram @ weights / 2


@pytest.mark.parametrize("cost", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("name", MACHINES)
def test_objective_and_decision_function_are_the_library_s(name, cost):
    own, theirs = MACHINES[name]
    ours = SMO(cost=cost, tol=1e-6, **own).fit(X, Y)
    machine = SVC(C=cost, tol=1e-6, **theirs).fit(X, Y)
    assert ours.objective_ == pytest.approx(library_objective(machine), rel=1e-4)
    np.testing.assert_allclose(
        ours.decision_function(NEW), machine.decision_function(NEW), atol=1e-3
    )
    assert np.array_equal(ours.predict(NEW), machine.predict(NEW))
    np.testing.assert_array_equal(ours.support_vectors_, X[np.sort(machine.support_)])


@pytest.mark.parametrize("name", ["linear", "rbf", "polynomial"])
def test_primal_and_dual_have_the_same_optimum(name):
    model = SMO(cost=1.0, tol=1e-6, **MACHINES[name][0]).fit(X, Y)
    assert 0 <= model.gap_ < 1e-4 * model.objective_
    early = SMO(cost=1.0, tol=1e-6, max_updates=5, **MACHINES[name][0]).fit(X, Y)
    assert early.updates_ == 5
    assert early.objective_ < model.objective_
    assert early.gap_ > 100 * model.gap_


def test_the_conditions_of_karush_kuhn_and_tucker_hold():
    y = 2.0 * Y - 1
    gram = rbf(X, X, 0.7)
    alpha, bias, _ = solve(gram, y, 1.0, 1e-8, 100_000)
    margin = y * (gram @ (alpha * y) + bias)
    assert alpha @ y == pytest.approx(0, abs=1e-9)
    assert (margin[alpha == 0] >= 1 - 1e-6).all()
    assert (margin[alpha == 1] <= 1 + 1e-6).all()
    on_it = (alpha > 0) & (alpha < 1)
    np.testing.assert_allclose(margin[on_it], 1, atol=1e-6)
    assert min(np.sum(alpha == 0), np.sum(alpha == 1), on_it.sum()) > 3  # all three occur


def test_a_hard_margin_is_the_distance_to_the_nearest_samples():
    """Points at x = 1 and x = 5, and farther ones, which do not matter."""
    x = [[1.0, 0], [1, 4], [0, 2], [5, 1], [5, 3], [9, 9]]
    model = SMO(cost=1e6, kernel="linear", tol=1e-9).fit(x, [3, 3, 3, 8, 8, 8])
    w = model.dual_coef_ @ model.support_vectors_
    np.testing.assert_allclose(w, [0.5, 0], atol=1e-6)
    assert 1 / np.linalg.norm(w) == pytest.approx(2)  # half-way between 1 and 5
    assert model.intercept_ == pytest.approx(-1.5)
    assert model.objective_ == pytest.approx(w @ w / 2)
    assert model.predict(x).tolist() == [3, 3, 3, 8, 8, 8]


def test_the_objectives_of_two_points_by_hand():
    """At -1 and 1 with α = ¼ each: w = ½, f = ½ x, slack ½ and ½."""
    gram, y = np.array([[1.0, -1], [-1, 1]]), np.array([-1.0, 1])
    alpha = np.array([0.25, 0.25])
    found = solve(gram, y, 10.0, 1e-9, 0)._replace(alpha=alpha, bias=0.0)
    assert dual_objective(alpha, y, gram) == 0.5 - 0.25 / 2
    assert primal_objective(found, y, gram, 10.0) == 0.25 / 2 + 10 * (0.5 + 0.5)
    assert solve(gram, y, 10.0, 1e-9, 1).alpha.tolist() == [0.5, 0.5]


@pytest.mark.parametrize("features", [[0, 1], [2, 3]])
def test_on_iris_one_against_one_predicts_as_the_library(features):
    x = IRIS.data[:, features]
    own = SMO(cost=1.0, kernel="rbf", settings={"gamma": 0.7}, tol=1e-5)
    ours = OneVsOneClassifier(own).fit(x, IRIS.target)
    theirs = SVC(C=1.0, gamma=0.7, tol=1e-5).fit(x, IRIS.target)
    assert np.mean(ours.predict(x) == theirs.predict(x)) > 0.99
    two = IRIS.target < 2  # setosa and versicolor
    assert SMO(cost=1.0, kernel="linear").fit(x[two], IRIS.target[two]).score(x, IRIS.target) > 0.6


def test_it_refuses_three_classes():
    with pytest.raises(ValueError, match="two classes apart, got 3"):
        SMO(cost=1.0, kernel="linear").fit(IRIS.data, IRIS.target)


def test_equal_samples_of_both_classes_are_no_division_by_zero():
    with np.errstate(all="raise"):
        model = SMO(cost=1.0, kernel="linear").fit([[1.0], [1.0], [3.0]], [0, 1, 1])
    assert np.isfinite(model.decision_function([[2.0]])).all()


def test_it_survives_saving(tmp_path):
    model = OneVsOneClassifier(SMO(cost=1.0, kernel="rbf", settings={"gamma": 1.0}))
    model.fit(IRIS.data, IRIS.target)
    save_estimator(model, tmp_path / "machine")
    again = load_estimator(tmp_path / "machine")
    assert np.array_equal(again.predict(IRIS.data), model.predict(IRIS.data))


# Kernels


def test_the_rbf_of_two_points():
    value = rbf(np.array([[1.0, 2, 3]]), np.array([[4.0, 5, 6]]), 0.1)
    assert value.item() == pytest.approx(0.067205513, abs=1e-9)
    assert value.item() == pytest.approx(math.exp(-2.7))


pairs = st.lists(st.floats(-5, 5), min_size=2, max_size=2).map(lambda pair: np.array([pair]))


@given(pairs, pairs)
def test_the_square_of_the_inner_product_is_one_of_quadratic_features(a, b):
    mapped = quadratic_features(a) @ quadratic_features(b).T
    assert mapped.item() == pytest.approx(polynomial(a, b, degree=2).item(), abs=1e-9)


def test_quadratic_features_make_a_ring_separable():
    angle = np.linspace(0, 2 * np.pi, 40)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x, y = np.vstack([ring, 3 * ring]), np.repeat([0, 1], 40)
    assert SMO(cost=100.0, kernel="linear").fit(x, y).score(x, y) < 0.9
    assert (
        SMO(cost=100.0, kernel="linear")
        .fit(quadratic_features(x), y)
        .score(quadratic_features(x), y)
        == 1
    )


@pytest.mark.parametrize(("inputs", "terms"), [(3, 56), (10, 3003)])
def test_a_polynomial_of_degree_5_has_binomially_many_terms(inputs, terms):
    """What the kernel (x·z + 1)⁵ does not have to write out."""
    monomials = [
        chosen for d in range(6) for chosen in combinations_with_replacement(range(inputs), d)
    ]
    assert len(monomials) == math.comb(inputs + 5, 5) == terms
    x = np.random.default_rng(0).normal(size=(2, inputs))
    features = np.array([[np.prod(row[list(m)]) for m in monomials] for row in x])
    ways = [
        math.factorial(5)
        // math.prod([math.factorial(m.count(i)) for i in set(m)] + [math.factorial(5 - len(m))])
        for m in monomials
    ]
    expected = (features[0] * ways) @ features[1]
    assert polynomial(x[:1], x[1:], degree=5, coef0=1.0).item() == pytest.approx(expected)


def test_the_defaults_of_the_kernels():
    x, z = X[:4], X[4:9]
    np.testing.assert_allclose(polynomial(x, z), (x @ z.T) ** 3)
    np.testing.assert_allclose(KERNELS["sigmoid"](x, z), np.tanh(x @ z.T))
    np.testing.assert_allclose(rbf(x, z), rbf(x, z, 1.0))


@pytest.mark.parametrize("name", ["linear", "polynomial", "rbf"])
def test_these_kernels_are_inner_products(name):
    gram = KERNELS[name](X, X)
    np.testing.assert_allclose(gram, gram.T)
    assert np.linalg.eigvalsh(gram).min() > -1e-8 * np.abs(gram).max()
