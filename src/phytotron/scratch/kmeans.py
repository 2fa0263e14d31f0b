"""k-means: centres that are the means of the points nearest to them.

Lloyd (Least squares quantization in PCM, 1982) repeats two steps, neither of which can raise the
inertia Σᵢ ‖xᵢ - nearest centre‖²: assign each point to its nearest centre, move each centre to the
mean of its points. It ends in a local minimum, so several starts are tried. Arthur and
Vassilvitskii (k-means++, 2007) draw the first centres far from each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClusterMixin

Array = NDArray[np.float64]
Labels = NDArray[np.int64]


def squared_distances(points: Array, centres: Array) -> Array:
    """Shapes (points, features) and (centres, features) to (points, centres)."""
    return ((points[:, None] - centres) ** 2).sum(axis=-1)


def plus_plus(points: Array, k: int, random: np.random.Generator) -> Array:
    """k-means++: the next centre is a point, drawn in proportion to the squared distance to the
    nearest centre so far."""
    centres = points[random.integers(len(points), size=1)]
    while len(centres) < k:
        nearest = squared_distances(points, centres).min(axis=1)
        drawn = random.choice(len(points), p=nearest / nearest.sum())
        centres = np.vstack([centres, points[drawn]])
    return centres


def lloyd(
    points: Array, centres: Array, max_iter: int, tol: float
) -> tuple[Array, Labels, list[float]]:
    """From first centres to a local minimum.

    Args:
        points: shape (points, features).
        centres: the first ones, shape (k, features).
        max_iter: steps at most.
        tol: stop when the centres have moved by at most this squared distance, all together; at 0,
            when no point has changed its centre.

    Returns:
        The centres, the number of each point's centre, and the inertia of each assignment: the
        last one is that of these centres.
    """
    inertias = []
    for _ in range(max_iter):
        distances = squared_distances(points, centres)
        labels = distances.argmin(axis=1)
        inertias.append(float(distances.min(axis=1).sum()))
        own = distances[np.arange(len(points)), labels]
        for empty in np.setdiff1d(np.arange(len(centres)), labels):
            farthest = own.argmax()  # an empty cluster gets the worst point
            labels[farthest], own[farthest] = empty, 0
        moved = np.array([points[labels == number].mean(axis=0) for number in range(len(centres))])
        shift = ((moved - centres) ** 2).sum()
        centres = moved
        if shift <= tol:
            break
    distances = squared_distances(points, centres)
    return centres, distances.argmin(axis=1), [*inertias, float(distances.min(axis=1).sum())]


class KMeans(ClusterMixin, BaseEstimator):
    """The best of several starts.

    Args:
        k: centres.
        init: `k-means++`, `random` (points drawn at random), or first centres, shape (k, features).
        starts: of other first centres; the one with the lowest inertia is kept.
        max_iter: steps of each start.
        tol: see `lloyd`, relative to the mean variance of the features.
        seed: of the first centres.

    Attributes:
        cluster_centers_: shape (k, features).
        labels_: the number of each point's centre.
        inertia_: the sum of the squared distances to the nearest centre.
        history_: the inertia after each assignment of the best start.
    """

    def __init__(
        self,
        *,
        k: int,
        init: str | ArrayLike = "k-means++",
        starts: int = 10,
        max_iter: int = 300,
        tol: float = 1e-4,
        seed: int = 0,
    ) -> None:
        self.k = k
        self.init = init
        self.starts = starts
        self.max_iter = max_iter
        self.tol = tol
        self.seed = seed

    def fit(self, inputs: ArrayLike, targets: Any = None) -> KMeans:
        """Points of shape (samples, features); targets are not looked at."""
        points = np.asarray(inputs, np.float64)
        random = np.random.default_rng(self.seed)
        tol = self.tol * points.var(axis=0).mean()
        found = [
            lloyd(points, self._first(points, random), self.max_iter, tol)
            for _ in range(self.starts if isinstance(self.init, str) else 1)
        ]
        self.cluster_centers_, self.labels_, inertias = min(found, key=lambda start: start[2][-1])
        self.inertia_ = inertias[-1]
        self.history_ = [{"epoch": n, "train_inertia": value} for n, value in enumerate(inertias)]
        return self

    def _first(self, points: Array, random: np.random.Generator) -> Array:
        if not isinstance(self.init, str):
            return np.asarray(self.init, np.float64)
        if self.init == "random":
            return points[random.choice(len(points), self.k, replace=False)]
        return plus_plus(points, self.k, random)

    def transform(self, inputs: ArrayLike) -> Array:
        """The distance of each point to each centre, shape (samples, k)."""
        points = np.asarray(inputs, np.float64)
        return np.sqrt(squared_distances(points, self.cluster_centers_))

    def predict(self, inputs: ArrayLike) -> Labels:
        """The number of the nearest centre, shape (samples,)."""
        return self.transform(inputs).argmin(axis=1)
