"""Any continuous function from boxes, and each box from two sigmoids.

A sigmoid unit σ(w x + b) is a soft step at t = -b / w: w is its steepness, a negative w mirrors it,
a large one makes the step hard. The difference of two steps is a box, and boxes next to each other,
each as high as the function there, come as close to the function as one likes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from phytotron.scratch.activations import sigmoid

Array = NDArray[np.float64]

LEFT, RIGHT = -10.0, 10.0  # where the networks are looked at


def unit(x: ArrayLike, weight: float, bias: float) -> Array:
    """σ(w x + b)."""
    return sigmoid(weight * np.asarray(x, np.float64) + bias)


def wave(x: ArrayLike) -> Array:
    """The function to be approximated: smooth, neither odd nor even."""
    x = np.asarray(x, np.float64)
    return np.sin(x) + 0.1 * x


class BoxNetwork:
    """One input, two sigmoids a box, one linear output.

    Args:
        edges: where the boxes begin and end, ascending, shape (boxes + 1,).
        heights: shape (boxes,).
        steepness: w of all hidden units.
    """

    def __init__(self, edges: ArrayLike, heights: ArrayLike, steepness: float) -> None:
        edges, heights = np.asarray(edges, np.float64), np.asarray(heights, np.float64)
        steps = np.concatenate([edges[:-1], edges[1:]])
        self.hidden_weights = np.full(len(steps), steepness)
        self.hidden_biases = -steepness * steps
        self.output_weights = np.concatenate([heights, -heights])

    def __call__(self, x: ArrayLike) -> Array:
        """Shape (points,) to (points,)."""
        sums = np.multiply.outer(np.asarray(x, np.float64), self.hidden_weights)
        return sigmoid(sums + self.hidden_biases) @ self.output_weights


class BoxcarStudy(BaseEstimator):
    """One box, 5 high on [-5, 5], and sums of more and more boxes against a function.

    Args:
        boxes: how many, for each sum.
        steepness: of the sigmoids: large enough for a hard step.
        points: at which the errors are measured, evenly over [-10, 10].

    Attributes:
        rows_: the largest error of each sum of boxes.
    """

    def __init__(self, *, boxes: Sequence[int], steepness: float, points: int) -> None:
        self.boxes = boxes
        self.steepness = steepness
        self.points = points

    def box(self) -> BoxNetwork:
        """Output weights +5 and -5."""
        return BoxNetwork([-5, 5], [5], self.steepness)

    def approximation(self, boxes: int) -> BoxNetwork:
        """As high as `wave` in the middle of each of the boxes, which cover [-10, 10]."""
        edges = np.linspace(LEFT, RIGHT, boxes + 1)
        return BoxNetwork(edges, wave((edges[:-1] + edges[1:]) / 2), self.steepness)

    def fit(self, data: Any = None) -> BoxcarStudy:
        """All weights are set by hand, so there is nothing to learn from."""
        # Not the last tenth: beyond the edge there is no box to share its step with.
        x = np.linspace(0.9 * LEFT, 0.9 * RIGHT, self.points)
        self.rows_ = [
            {"boxes": n, "error": float(np.abs(self.approximation(n)(x) - wave(x)).max())}
            for n in self.boxes
        ]
        return self

    def measure(self, data: Any = None) -> dict[str, float]:
        """The largest error of the single box, a tenth away from its edges and beyond, and that
        of the longest sum."""
        x = np.linspace(LEFT, RIGHT, self.points)
        away = np.abs(np.abs(x) - 5) >= 0.1
        wanted = np.where(np.abs(x) < 5, 5, 0)
        return {
            "test/box_error": float(np.abs(self.box()(x) - wanted)[away].max()),
            "test/approximation_error": self.rows_[-1]["error"],
        }
