"""Principal component analysis: the directions in which samples vary most.

With centred samples X, shape (n, features), the covariance is Xᵀ X / (n-1). Its eigenvectors, the
largest eigenvalue first, are the components, and each eigenvalue is the variance along its own
(Pearson, 1901; Hotelling, 1933). Z = X Aᵀ are the samples in these coordinates, which are not
correlated.

Sources: Rajput 2023, ch. 5; Pattanayak 2023, ch. 1; Notes of several courses, PCA
Catalogue: B88
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin

Array = NDArray[np.float64]


class PCA(TransformerMixin, BaseEstimator):
    """The first components.

    Args:
        n_components: at most as many as there are samples or features, whichever are fewer.
        standardise: also divide by the standard deviations, so that units do not matter.

    Attributes:
        mean_, scale_: of the features; the scale is 1 where they are not standardised.
        components_: A, rows of length 1, shape (components, features). The sign of an eigenvector
            is arbitrary: here its largest entry is positive.
        explained_variance_: along each component.
        explained_variance_ratio_: as shares of the variance of all features.
    """

    def __init__(self, *, n_components: int, standardise: bool = False) -> None:
        self.n_components = n_components
        self.standardise = standardise

    def fit(self, inputs: ArrayLike, targets: Any = None) -> PCA:
        """Samples of shape (samples, features); targets are not looked at.

        Raises:
            ValueError: there are not as many components.
        """
        x = np.asarray(inputs, np.float64)
        if not 0 < self.n_components <= min(x.shape):
            allowed = f"from 1 to {min(x.shape)}"
            raise ValueError(f"n_components is {self.n_components}; it must be {allowed}")
        self.mean_ = x.mean(axis=0)
        self.scale_ = x.std(axis=0, ddof=1) if self.standardise else np.ones(x.shape[1])
        x = (x - self.mean_) / self.scale_
        variances, vectors = np.linalg.eigh(x.T @ x / (len(x) - 1))  # ascending; columns
        kept = slice(None, -self.n_components - 1, -1)
        rows = vectors.T[kept]
        largest = np.abs(rows).argmax(axis=1, keepdims=True)
        self.components_ = rows * np.sign(np.take_along_axis(rows, largest, axis=1))
        self.explained_variance_ = variances[kept]
        self.explained_variance_ratio_ = variances[kept] / variances.sum()
        return self

    def transform(self, inputs: ArrayLike) -> Array:
        """Shape (samples, features) to (samples, components)."""
        return (np.asarray(inputs, np.float64) - self.mean_) / self.scale_ @ self.components_.T

    def inverse_transform(self, coordinates: ArrayLike) -> Array:
        """The samples that the components can express, shape (samples, features)."""
        return np.asarray(coordinates, np.float64) @ self.components_ * self.scale_ + self.mean_
