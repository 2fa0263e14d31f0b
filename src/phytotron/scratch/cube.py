"""A network that knows a cube: points make edges, edges make vertices, vertices make the cube.

Wired by hand from threshold units: a positive link to each member, a small negative one to the
rest. The input is a grid of 3 x 3 x 3 points, 0 or 1; an edge has three points, a vertex three
edges, the cube all eight vertices. It fires only when the whole frame of the cube is there.

Sources: Vasilev 2023, ch. 3
Catalogue: C31
"""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

Members = NDArray[np.bool_]

POINTS = np.array(list(product((0, 1, 2), repeat=3)))


def _edges() -> Members:
    """Which points lie on each edge, shape (12, 27): two coordinates at their ends, one free."""
    rows = []
    for free, ends in product(range(3), product((0, 2), repeat=2)):
        fixed = [axis for axis in range(3) if axis != free]
        rows.append((POINTS[:, fixed] == ends).all(axis=1))
    return np.array(rows)


EDGE_POINTS = _edges()
# An edge meets a vertex when the corner is one of its points, shape (8, 12).
VERTEX_EDGES = EDGE_POINTS[:, (POINTS != 1).all(axis=1)].T
CUBE_VERTICES = np.ones((1, 8), bool)
FRAME = EDGE_POINTS.any(axis=0)  # the 20 points of the drawn cube, shape (27,)


def layer(inputs: NDArray, members: Members) -> NDArray[np.int64]:
    """Threshold units, shape (inputs,) to (units,).

    All members add up to their number, and the others, taken together, subtract at most a half: a
    unit fires when no member is missing, whatever else there is.
    """
    others = np.maximum((~members).sum(axis=1, keepdims=True), 1)
    weights = np.where(members, 1, -0.5 / others)
    threshold = members.sum(axis=1) - 0.75
    return (weights @ inputs >= threshold).astype(np.int64)


def sees_cube(points: ArrayLike) -> int:
    """1 when the points, shape (27,) in the order of `POINTS`, contain a whole cube."""
    edges = layer(np.asarray(points), EDGE_POINTS)
    vertices = layer(edges, VERTEX_EDGES)
    return int(layer(vertices, CUBE_VERTICES)[0])
