"""Whitened samples have the identity as covariance."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from phytotron.scratch.whitening import pca_whitening, without_own_mean, zca_whitening

pytestmark = pytest.mark.catalogue("B93")

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 4)) @ RANDOM.normal(size=(4, 4))
X = X - X.mean(axis=0)


def covariance(x):
    return x.T @ x / len(x)


@pytest.mark.parametrize("whitening", [pca_whitening, zca_whitening])
def test_the_covariance_is_the_identity(whitening):
    np.testing.assert_allclose(covariance(X @ whitening(X).T), np.eye(4), atol=1e-12)


def test_zca_is_symmetric_and_the_inverse_root_of_the_covariance():
    z = zca_whitening(X)
    np.testing.assert_allclose(z, z.T, atol=1e-12)
    np.testing.assert_allclose(z @ z @ covariance(X), np.eye(4), atol=1e-10)


def test_pca_whitening_is_the_library_s():
    theirs = PCA(4, whiten=True).fit_transform(X) * np.sqrt(200 / 199)  # with 1 / (m - 1)
    ours = X @ pca_whitening(X).T
    np.testing.assert_allclose(np.abs(ours), np.abs(theirs), rtol=1e-9)


def test_any_rotation_of_white_samples_is_white_and_zca_changes_them_least():
    t = pca_whitening(X)
    moved = np.linalg.norm(X @ zca_whitening(X).T - X)
    assert moved < np.linalg.norm(X @ t.T - X)
    for _ in range(5):
        rotation = np.linalg.qr(RANDOM.normal(size=(4, 4)))[0]
        np.testing.assert_allclose(covariance(X @ (rotation @ t).T), np.eye(4), atol=1e-12)
        assert moved < np.linalg.norm(X @ (rotation @ t).T - X)


@pytest.mark.parametrize("whitening", [pca_whitening, zca_whitening])
def test_epsilon_keeps_directions_without_variance_finite(whitening):
    flat = np.column_stack([X[:, 0], np.zeros(200)])
    white = covariance(flat @ whitening(flat, epsilon=0.1).T)
    expected = X[:, 0].var() / (X[:, 0].var() + 0.1)
    np.testing.assert_allclose(white, np.diag([expected, 0]), atol=1e-12)


def test_an_image_loses_its_own_mean():
    assert without_own_mean([[1, 2, 3], [10, 20, 30]]).tolist() == [[-1, 0, 1], [-10, 0, 10]]
