"""Several classifiers, compared by cross-validation: support vector machines and trees on Iris."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from phytotron.models.classic.variants import Variants

INPUTS, SPECIES = load_iris(return_X_y=True)
SEPALS, PETALS = INPUTS[:, :2], INPUTS[:, 2:]


@pytest.fixture(scope="module")
def kernels() -> Variants:
    variants = {"linear": SVC(kernel="linear"), "rbf": SVC(gamma=0.7)}
    grids = {"rbf": {"C": [1.0, 1000.0], "gamma": [0.7, 70.0]}}
    return Variants(variants=variants, grids=grids).fit(SEPALS, SPECIES)


def test_each_variant_has_the_scores_of_scikit_learn(kernels):
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    expected = cross_val_score(SVC(gamma=0.7), SEPALS, SPECIES, cv=folds)
    assert kernels.scores_["rbf"].tolist() == expected.tolist()
    assert kernels.history_[0]["val_accuracy_rbf"] == expected.mean()


def test_a_grid_adds_every_combination(kernels):
    added = ["rbf C=1 gamma=0.7", "rbf C=1 gamma=70", "rbf C=1000 gamma=0.7", "rbf C=1000 gamma=70"]
    assert list(kernels.scores_) == ["linear", "rbf", *added]
    assert kernels.estimators_["rbf C=1000 gamma=70"].get_params()["C"] == 1000
    assert kernels.scores_["rbf C=1 gamma=0.7"].tolist() == kernels.scores_["rbf"].tolist()


def test_the_best_one_predicts(kernels):
    means = {name: scores.mean() for name, scores in kernels.scores_.items()}
    assert means[kernels.best_] == max(means.values()) == kernels.history_[0]["val_accuracy"]
    best = kernels.estimators_[kernels.best_]
    assert (kernels.predict(SEPALS) == best.predict(SEPALS)).all()


def test_a_short_reach_learns_the_flowers_by_heart(kernels):
    """Gamma 70: the best of all on the flowers it knows, and the worst on others."""
    known = {name: variant.score(SEPALS, SPECIES) for name, variant in kernels.estimators_.items()}
    other = {name: scores.mean() for name, scores in kernels.scores_.items()}
    assert max(known, key=lambda name: known[name]).endswith("gamma=70")
    assert min(other, key=lambda name: other[name]).endswith("gamma=70")


def test_what_is_asked_about_does_not_change_the_scale():
    """One flower of another world would squeeze all others together."""
    variants = Variants(variants={"rbf": SVC()}, standardise=True).fit(SEPALS, SPECIES)
    fitted = variants.estimators_["rbf"]
    alone = fitted.predict(SEPALS[:1])
    assert fitted.predict(np.vstack([SEPALS[:1], [[1e6, 1e6]]]))[0] == alone[0]
    assert variants.scores_["rbf"].mean() > 0.75


def test_it_leaves_what_it_was_given_as_it_was():
    given = {"rbf": SVC(gamma=0.7)}
    variants = Variants(variants=given, grids={"rbf": {"C": [5.0]}})
    variants.fit(SEPALS, SPECIES)
    assert given["rbf"].C == 1.0
    assert not hasattr(given["rbf"], "support_")
    assert set(clone(variants).get_params(deep=False)) == set(variants.get_params(deep=False))


def test_precomputed_and_callable_kernels_are_the_same_machine():
    named = SVC(kernel="rbf", gamma=0.7).fit(SEPALS, SPECIES)
    called = SVC(kernel=lambda a, b: rbf_kernel(a, b, gamma=0.7)).fit(SEPALS, SPECIES)
    matrix = rbf_kernel(SEPALS, SEPALS, gamma=0.7)
    computed = SVC(kernel="precomputed").fit(matrix, SPECIES)
    expected = named.predict(SEPALS)
    assert (called.predict(SEPALS) == expected).all()
    assert (computed.predict(matrix) == expected).all()


def test_a_node_must_be_large_to_be_split():
    trees = {
        f"min_{size}": DecisionTreeClassifier(min_samples_split=size, random_state=0)
        for size in (2, 5, 60)
    }
    fitted = Variants(variants=trees).fit(PETALS, SPECIES).estimators_
    leaves = [tree.get_n_leaves() for tree in fitted.values()]
    assert leaves == sorted(leaves, reverse=True)
    assert leaves[0] > leaves[-1] == 3
