"""Points generated from a formula, for networks small enough to look into.

Each function gives inputs, float32, shape (samples, features), and either labels, int64, shape
(samples,), or real targets, float32, shape (samples, outputs): what `table_module` in
`phytotron.data.tables` takes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.datasets import make_classification, make_moons

from phytotron.data.arrays import Splits

Labelled = tuple[NDArray[np.float32], NDArray[np.int64]]
Measured = tuple[NDArray[np.float32], NDArray[np.float32]]


def two_classes(samples: int, class_separation: float, generator_seed: int) -> Labelled:
    """Two overlapping classes in the plane, with both features informative.

    With 1000 samples, separation 0.8 and seed 42 there are 501 of class 0 and 499 of class 1.
    Sources: Rajput 2023, ch. 6
    Catalogue: A17

    Args:
        samples: of both classes together.
        class_separation: the larger, the easier.
        generator_seed: seed of scikit-learn's `make_classification`.
    """
    inputs, labels = make_classification(
        n_samples=samples,
        n_features=2,
        n_informative=2,
        n_redundant=0,
        n_clusters_per_class=1,
        class_sep=class_separation,
        random_state=generator_seed,
    )
    return inputs.astype(np.float32), labels.astype(np.int64)


def planar_flower(samples: int, noise: float, generator_seed: int) -> Labelled:
    """A flower in the plane whose petals belong to two classes in turn: r = 4 sin(4 angle).

    Args:
        samples: half of them of each class.
        noise: standard deviation of the angle (radians) and of the radius.
        generator_seed: seed of the noise.
    """
    random = np.random.default_rng(generator_seed)
    half = samples // 2
    labels = np.repeat([0, 1], half)
    angle = np.concatenate([np.linspace(0, np.pi, half), np.linspace(np.pi, 2 * np.pi, half)])
    angle += random.normal(scale=noise, size=2 * half)
    radius = 4 * np.sin(4 * angle) + random.normal(scale=noise, size=2 * half)
    return _plane(radius * np.sin(angle), radius * np.cos(angle)), labels


def circle(samples: int, noise: float, generator_seed: int) -> Labelled:
    """A disc (class 1) inside a ring (class 0), as in the TensorFlow Playground; outer radius 5.

    Args:
        samples: half of them in the disc.
        noise: distance between a point and the place that decides its class: at most this share of
            the outer radius, in each coordinate.
        generator_seed: seed of the places.
    """
    random = np.random.default_rng(generator_seed)
    outer, half = 5.0, samples // 2
    radius = np.concatenate([random.uniform(0, 0.5, half), random.uniform(0.7, 1, samples - half)])
    angle = random.uniform(0, 2 * np.pi, samples)
    points = outer * _plane(radius * np.sin(angle), radius * np.cos(angle))
    decided_at = points + noise * random.uniform(-outer, outer, points.shape)
    inside = np.linalg.norm(decided_at, axis=1) < outer / 2
    return points, inside.astype(np.int64)


def xor() -> Labelled:
    """The four points of the exclusive or."""
    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    return points, (points[:, 0] != points[:, 1]).astype(np.int64)


def spirals(samples: int, arms: int, turns: float, noise: float, generator_seed: int) -> Labelled:
    """Spirals around the origin, a class each, out to radius 1.

    Args:
        samples: of all arms together, the same number of each.
        arms: how many spirals.
        turns: how often each goes around.
        noise: standard deviation of both coordinates.
        generator_seed: seed of the noise.
    """
    each = samples // arms
    labels = np.repeat(np.arange(arms), each)
    radius = np.tile(np.linspace(0.05, 1, each), arms)
    angle = 2 * np.pi * (turns * radius + labels / arms)
    points = _plane(radius * np.cos(angle), radius * np.sin(angle))
    points += np.random.default_rng(generator_seed).normal(scale=noise, size=points.shape)
    return points.astype(np.float32), labels


def moons(samples: int, noise: float, generator_seed: int) -> Labelled:
    """Two half circles that reach into each other.

    Args:
        samples: of both classes together.
        noise: standard deviation of both coordinates.
        generator_seed: seed of scikit-learn's `make_moons`.
    """
    inputs, labels = make_moons(samples, noise=noise, random_state=generator_seed)
    return inputs.astype(np.float32), labels.astype(np.int64)


def line(first: int, last: int, test: int) -> Splits:
    """Points of y = 2 x - 1, for every whole x from the first to the last; and one for the test.

    Args:
        first: the least x.
        last: the greatest x.
        test: the x of the test.
    """
    x = np.arange(first, last + 1, dtype=np.float32)[:, None]
    beyond = np.full((1, 1), test, np.float32)
    return Splits((x, 2 * x - 1), test=(beyond, 2 * beyond - 1))


def curve(samples: int) -> Measured:
    """A smooth curve, y = sin(2 pi x) + cos(5 pi x) / 2, for x evenly from -1 to 1."""
    x = np.linspace(-1, 1, samples, dtype=np.float32)[:, None]
    return x, np.sin(2 * np.pi * x) + np.cos(5 * np.pi * x) / 2


def _plane(x: NDArray, y: NDArray) -> NDArray[np.float32]:
    return np.stack([x, y], axis=1).astype(np.float32)
