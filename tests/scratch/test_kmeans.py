"""k-means equals scikit-learn's from the same first centres."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import sklearn.cluster
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_iris

from phytotron.scratch.kmeans import KMeans, lloyd, plus_plus, squared_distances

IRIS = load_iris().data
# Lengths in whole millimetres have equal distances to two centres, which rounding would decide.
FLOWERS = IRIS + np.random.default_rng(0).normal(scale=1e-3, size=IRIS.shape)
SIX = np.array([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0.0]])


def library(points, first, **settings):
    return sklearn.cluster.KMeans(len(first), init=first, n_init=1, **settings).fit(points)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("tol", [0, 1e-4, 0.1])
def test_from_the_same_centres_it_ends_where_the_library_s_does(seed, tol):
    first = FLOWERS[np.random.default_rng(seed).choice(150, 4, replace=False)]
    ours, theirs = KMeans(k=4, init=first, tol=tol).fit(FLOWERS), library(FLOWERS, first, tol=tol)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9)
    assert np.array_equal(ours.labels_, theirs.labels_)
    assert ours.inertia_ == pytest.approx(theirs.inertia_)
    assert len(ours.history_) == theirs.n_iter_ + 1
    others = FLOWERS + 0.3
    np.testing.assert_allclose(ours.transform(others), theirs.transform(others), rtol=1e-9)
    assert np.array_equal(ours.predict(others), theirs.predict(others))


@pytest.mark.parametrize("max_iter", [1, 2, 3])
def test_after_each_step_it_is_where_the_library_is(max_iter):
    first = FLOWERS[:3]  # all of one species: many steps are needed
    ours = KMeans(k=3, init=first, max_iter=max_iter, tol=0).fit(FLOWERS)
    theirs = library(FLOWERS, first, max_iter=max_iter, tol=0)
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_, rtol=1e-9)
    assert np.array_equal(ours.labels_, theirs.labels_)
    assert ours.inertia_ == pytest.approx(theirs.inertia_)


def test_an_empty_cluster_gets_the_point_that_is_farthest_from_its_centre():
    points = np.vstack([SIX, [[12.5, 7]]])
    first = np.array([[1, 2], [10, 2], [100, 100.0]])
    ours, theirs = KMeans(k=3, init=first).fit(points), library(points, first)
    assert ours.cluster_centers_[2].tolist() == [12.5, 7]
    np.testing.assert_allclose(ours.cluster_centers_, theirs.cluster_centers_)
    assert np.array_equal(ours.labels_, theirs.labels_)
    assert len(set(ours.labels_)) == 3


@pytest.mark.parametrize("max_iter", [1, 100])
def test_two_empty_clusters_get_two_points(max_iter):
    first = np.vstack([FLOWERS[[0, 75]], np.full((2, 4), 100.0), np.full((2, 4), -100.0)])
    ours = KMeans(k=6, init=first, max_iter=max_iter, tol=0).fit(FLOWERS)
    theirs = library(FLOWERS, first, max_iter=max_iter, tol=0)
    centres = (np.sort(model.cluster_centers_, axis=0) for model in (ours, theirs))
    np.testing.assert_allclose(*centres, rtol=1e-9)
    assert sorted(set(ours.labels_)) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_the_six_points(init):
    model = KMeans(k=2, init=init, seed=0).fit(SIX)
    assert sorted(model.cluster_centers_.tolist()) == [[1, 2], [10, 2]]
    assert model.inertia_ == 16
    left, right = model.predict([[0, 0], [12, 3]])
    assert model.cluster_centers_[left].tolist() == [1, 2]
    assert model.cluster_centers_[right].tolist() == [10, 2]


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_with_restarts_iris_ends_in_the_global_minimum(init):
    assert KMeans(k=3, init=init, starts=10).fit(IRIS).inertia_ == pytest.approx(78.851, abs=1e-3)


def test_the_best_start_is_kept():
    single = [KMeans(k=8, init="random", starts=1, seed=s).fit(IRIS).inertia_ for s in range(10)]
    assert max(single) > 1.05 * min(single)
    several = KMeans(k=8, init="random", starts=30).fit(IRIS)
    assert several.inertia_ < np.median(single)
    assert several.history_[-1]["train_inertia"] == several.inertia_


@pytest.mark.parametrize("seed", range(5))
def test_the_first_centres_are_different_points(seed):
    model = KMeans(k=6, init="random", starts=1, max_iter=0, seed=seed).fit(SIX)
    assert model.inertia_ == 0


def test_the_first_centres_are_drawn_as_init_says():
    centres = {
        init: KMeans(k=4, init=init, starts=1, max_iter=0, seed=3).fit(FLOWERS).cluster_centers_
        for init in ("random", "k-means++")
    }
    drawn = plus_plus(FLOWERS, 4, np.random.default_rng(3))
    np.testing.assert_array_equal(centres["k-means++"], drawn)
    uniform = FLOWERS[np.random.default_rng(3).choice(150, 4, replace=False)]
    np.testing.assert_array_equal(centres["random"], uniform)


def test_plus_plus_draws_in_proportion_to_the_squared_distance():
    points = np.array([[0.0], [1.0], [3.0]])
    random = np.random.default_rng(0)
    pairs = [tuple(plus_plus(points, 2, random).ravel()) for _ in range(6000)]
    after_0 = [second for first, second in pairs if first == 0]
    assert len(after_0) == pytest.approx(2000, rel=0.1)
    assert np.mean(np.array(after_0) == 3) == pytest.approx(9 / 10, abs=0.03)


def test_plus_plus_never_draws_a_centre_twice():
    points = np.array([[0.0], [0.0], [5.0], [9.0]])
    for seed in range(20):
        drawn = plus_plus(points, 3, np.random.default_rng(seed))
        assert sorted(drawn.ravel()) == [0, 5, 9]


@given(
    arrays(float, (12, 2), elements=st.floats(-9, 9).map(lambda x: round(x, 3)), unique=True),
    st.integers(2, 4),
)
def test_no_step_raises_the_inertia(points, k):
    centres, labels, inertias = lloyd(points, points[:k], 50, 0)
    assert all(later <= before + 1e-9 for before, later in pairwise(inertias))
    assert np.array_equal(squared_distances(points, centres).argmin(axis=1), labels)
