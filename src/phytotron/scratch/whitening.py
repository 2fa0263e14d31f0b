"""Whitening: features without correlation, each with variance 1.

With samples x around 0 and their covariance C = (1/m) Σ x xᵀ = U D Uᵀ:

    PCA whitening    T = D^-½ Uᵀ      the coordinates on the principal components, scaled
    ZCA whitening    Z = U D^-½ Uᵀ    symmetric: of all whitening matrices it changes the samples
                                      least (Bell and Sejnowski, 1997), so images stay images

With any rotation R, R T whitens as well; Z is U T. Small eigenvalues are noise, which dividing by
their root would blow up: ε is added to all of them.

Sources: Pattanayak 2023, ch. 5
Catalogue: B93
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def without_own_mean(images: ArrayLike) -> Array:
    """Take from each image, shape (images, pixels), its own mean: its brightness."""
    x = np.asarray(images, np.float64)
    return x - x.mean(axis=1, keepdims=True)


def pca_whitening(samples: Array, epsilon: float = 0.0) -> Array:
    """T, shape (features, features), of samples around 0, shape (samples, features)."""
    variances, vectors = _spectrum(samples)
    return (vectors / np.sqrt(variances + epsilon)).T


def zca_whitening(samples: Array, epsilon: float = 0.0) -> Array:
    """Z, shape (features, features); samples @ Z.T are white."""
    variances, vectors = _spectrum(samples)
    return (vectors / np.sqrt(variances + epsilon)) @ vectors.T


def _spectrum(samples: Array) -> tuple[Array, Array]:
    """D in descending order, and U with an eigenvector a column."""
    variances, vectors = np.linalg.eigh(samples.T @ samples / len(samples))
    return variances[::-1], vectors[:, ::-1]
