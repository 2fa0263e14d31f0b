"""PCA equals scikit-learn's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sklearn.decomposition
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

from phytotron.evaluation.trained import Trained
from phytotron.figures.scratch.principal_components import draw
from phytotron.scratch.pca import PCA
from phytotron.scratch.pca_study import PCAStudy
from phytotron.training.skops_file import load_estimator, save_estimator

pytestmark = pytest.mark.catalogue("B88")

IRIS = load_iris().data
WIDE = np.random.default_rng(0).normal(size=(5, 9))  # more features than samples
STUDY = {"covariance": [[3.0, 3], [3, 4]], "samples": 500}


@pytest.mark.parametrize(("x", "n"), [(IRIS, 1), (IRIS, 3), (IRIS, 4), (WIDE, 4)])
def test_components_variances_and_coordinates_are_the_library_s(x, n):
    ours, theirs = PCA(n_components=n).fit(x), sklearn.decomposition.PCA(n).fit(x)
    signs = np.sign((ours.components_ * theirs.components_).sum(axis=1))
    np.testing.assert_allclose(ours.components_, signs[:, None] * theirs.components_, atol=1e-10)
    np.testing.assert_allclose(ours.explained_variance_, theirs.explained_variance_)
    np.testing.assert_allclose(ours.explained_variance_ratio_, theirs.explained_variance_ratio_)
    np.testing.assert_allclose(ours.transform(x), theirs.transform(x) * signs, atol=1e-10)
    z = theirs.transform(x)
    np.testing.assert_allclose(
        ours.inverse_transform(z * signs), theirs.inverse_transform(z), atol=1e-10
    )


def test_standardised_features():
    scaled = StandardScaler().fit_transform(IRIS)
    ours, theirs = PCA(n_components=2, standardise=True), sklearn.decomposition.PCA(2).fit(scaled)
    ratio = ours.fit(IRIS * [1, 10, 100, 1000]).explained_variance_ratio_
    np.testing.assert_allclose(ratio, theirs.explained_variance_ratio_)
    np.testing.assert_allclose(ours.fit(IRIS).scale_, IRIS.std(axis=0, ddof=1))
    whole = PCA(n_components=4, standardise=True).fit(IRIS)
    np.testing.assert_allclose(whole.inverse_transform(whole.transform(IRIS)), IRIS)


def test_the_largest_entry_of_a_component_is_positive():
    rows = PCA(n_components=4).fit(IRIS).components_
    assert all(row[np.abs(row).argmax()] > 0 for row in rows)


@given(arrays(float, (8, 3), elements=st.floats(-5, 5).map(lambda x: round(x, 2))))
def test_coordinates_are_not_correlated_and_keep_distances_and_variance(x):
    if np.linalg.matrix_rank(x - x.mean(axis=0)) < 3:
        return
    pca = PCA(n_components=3).fit(x)
    z = pca.transform(x)
    covariance = np.cov(z.T)
    np.testing.assert_allclose(covariance, np.diag(pca.explained_variance_), atol=1e-8)
    assert list(pca.explained_variance_) == sorted(pca.explained_variance_, reverse=True)
    np.testing.assert_allclose(pca.inverse_transform(z), x, atol=1e-8)
    assert pca.explained_variance_.sum() == pytest.approx(x.var(axis=0, ddof=1).sum())


@pytest.mark.parametrize("n", [0, 5, -1])
def test_more_components_than_there_are_are_refused(n):
    with pytest.raises(ValueError, match=f"n_components is {n}; it must be from 1 to 4"):
        PCA(n_components=n).fit(IRIS)


# The study


@pytest.mark.parametrize("seed", [0, 1])
def test_the_components_of_a_known_gaussian(seed):
    study = PCAStudy(**STUDY, seed=seed).fit()
    metrics = study.measure()
    assert metrics["test/variance_error"] < 1e-12
    assert metrics["test/first_share"] == pytest.approx((7 + np.sqrt(37)) / 14, abs=0.02)
    assert metrics["test/angle_error"] < 3
    np.testing.assert_allclose(np.cov(study.samples_.T), STUDY["covariance"], rtol=0.25)


def test_its_samples_are_those_of_the_source():
    expected = np.random.RandomState(0).multivariate_normal([0, 0], [[3, 3], [3, 4]], size=500)
    assert np.array_equal(PCAStudy(**STUDY, seed=0).fit().samples_, expected)


def test_the_angle_is_measured():
    study = PCAStudy(**STUDY, seed=0).fit()
    study.covariance = [[4.0, 0], [0, 1]]
    first = study.pca_.components_[0]
    expected = np.degrees(np.arctan(abs(first[1] / first[0])))
    assert study.measure()["test/angle_error"] == pytest.approx(expected)


def test_the_drawn_lines_are_two_deviations_along_the_components():
    study = PCAStudy(**STUDY, seed=0).fit()
    left, right = draw(Trained(study, None, None, [], {}, {}, Path())).axes
    for line, component, variance in zip(
        left.lines, study.pca_.components_, study.pca_.explained_variance_, strict=True
    ):
        (x0, x1), (y0, y1) = line.get_data()
        np.testing.assert_allclose([x0, y0], study.samples_.mean(axis=0))
        np.testing.assert_allclose([x1 - x0, y1 - y0], 2 * np.sqrt(variance) * component)
    np.testing.assert_array_equal(left.collections[0].get_offsets(), study.samples_)
    projected = np.asarray(right.collections[0].get_offsets())
    np.testing.assert_allclose(projected, study.pca_.transform(study.samples_))


def test_it_survives_saving(tmp_path):
    save_estimator(PCAStudy(**STUDY, seed=0).fit(), tmp_path / "study")
    assert load_estimator(tmp_path / "study").measure()["test/variance_error"] < 1e-12
