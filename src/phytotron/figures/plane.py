"""A grid over the plane around points, on which a model is evaluated."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_MARGIN = 0.1  # around the points, as a part of their larger extent
_PLACES = 200  # along each axis


class Plane(NamedTuple):
    """A grid.

    Attributes:
        x, y: the coordinates along each axis, shape (places,).
        places: all of them, float32, shape (places * places, 2); x changes fastest.
    """

    x: NDArray[np.float32]
    y: NDArray[np.float32]
    places: NDArray[np.float32]

    def folded(self, values: NDArray[Any]) -> NDArray[Any]:
        """The value at each place, in the shape that `pcolormesh` and `contour` expect."""
        return values.reshape(len(self.y), len(self.x))


def plane_around(points: NDArray[Any]) -> Plane:
    """The rectangle that has all points, shape (points, 2), with a margin."""
    margin = _MARGIN * np.ptp(points, axis=0).max()
    low, high = points.min(axis=0) - margin, points.max(axis=0) + margin
    x, y = (np.linspace(low[i], high[i], _PLACES, dtype=np.float32) for i in range(2))
    return Plane(x, y, np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))


def input_names(data: Any) -> list[str]:
    """The names of a data module's inputs; inputs without names have their numbers."""
    names = getattr(data, "input_names", None)
    return list(names or [f"input {i + 1}" for i in range(data.dimensions["input_shape"][0])])
