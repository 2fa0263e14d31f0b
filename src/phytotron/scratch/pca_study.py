"""PCA of a Gaussian in the plane, whose components are known: its covariance's eigenvectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from phytotron.scratch.pca import PCA


class PCAStudy(BaseEstimator):
    """Samples of a Gaussian around 0, and their components.

    Args:
        covariance: of the Gaussian, shape (2, 2).
        samples: drawn.
        seed: of the samples.

    Attributes:
        samples_: shape (samples, 2).
        pca_: fitted to them, with both components.
    """

    def __init__(self, *, covariance: Sequence[Sequence[float]], samples: int, seed: int) -> None:
        self.covariance = covariance
        self.samples = samples
        self.seed = seed

    def fit(self, data: Any = None) -> PCAStudy:
        random = np.random.RandomState(self.seed)
        self.samples_: NDArray[np.float64] = random.multivariate_normal(
            np.zeros(2), np.array(self.covariance), size=self.samples
        )
        self.pca_ = PCA(n_components=2).fit(self.samples_)
        return self

    def measure(self, data: Any = None) -> dict[str, float]:
        """`variance_error`: how far the components' variances are from those of the features, all
        together; `first_share`: of the first component; `angle_error`: in degrees, between the
        first component and that of the Gaussian."""
        total = self.samples_.var(axis=0, ddof=1).sum()
        first = np.linalg.eigh(np.array(self.covariance))[1][:, -1]
        cosine = min(1.0, abs(float(self.pca_.components_[0] @ first)))
        return {
            "test/variance_error": float(abs(self.pca_.explained_variance_.sum() / total - 1)),
            "test/first_share": float(self.pca_.explained_variance_ratio_[0]),
            "test/angle_error": float(np.degrees(np.arccos(cosine))),
        }
