"""Graphs as matrices: adjacency, degrees, and the three Laplacians (Chung, 1997).

    A                          A_uv = 1 for an edge from u to v; symmetric when undirected
    D                          the degrees Σ_v A_uv on the diagonal
    L = D - A                  (L x)_u = d_u (x_u - mean of u's neighbours): a second difference
    I - D^-½ A D^-½            normalised; symmetric, eigenvalues in [0, 2]
    I - D⁻¹ A                  random walk; its rows sum to 0

The first two are positive semi-definite, the third has the eigenvalues of the second, and 0 is an
eigenvalue of each as often as the graph has parts. A node without edges has a row of zeros in all
of them, also in place of its row of I.

Sources: Pattanayak 2023, ch. 6
Catalogue: O01
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def adjacency(nodes: int, edges: ArrayLike, directed: bool = False) -> Array:
    """Edges as pairs of node numbers, shape (edges, 2), to A, shape (nodes, nodes)."""
    a = np.zeros((nodes, nodes))
    source, target = np.asarray(edges, int).reshape(-1, 2).T
    a[source, target] = 1
    return a if directed else np.maximum(a, a.T)


def laplacian(a: Array) -> Array:
    """D - A."""
    return np.diag(a.sum(axis=1)) - a


def normalised_laplacian(a: Array) -> Array:
    """I - D^-½ A D^-½."""
    degrees = a.sum(axis=1)
    scale = _power(degrees, -0.5)
    return np.diag(np.sign(degrees)) - scale[:, None] * a * scale


def random_walk_laplacian(a: Array) -> Array:
    """I - D⁻¹ A, where D⁻¹ A has the probabilities of the next step."""
    degrees = a.sum(axis=1)
    return np.diag(np.sign(degrees)) - _power(degrees, -1)[:, None] * a


def parts(a: Array) -> NDArray[np.int64]:
    """The number of each node's connected part, from 0, shape (nodes,); directions do not count."""
    number = np.full(len(a), -1)
    linked = (a + a.T) > 0
    for node in range(len(a)):
        if number[node] >= 0:
            continue
        reached = np.arange(len(a)) == node
        while (further := reached | linked[reached].any(axis=0)).sum() > reached.sum():
            reached = further
        number[reached] = number.max() + 1
    return number


def _power(degrees: Array, exponent: float) -> Array:
    """1 for a degree of 0, whose row of A is empty anyway."""
    return np.where(degrees > 0, degrees, 1) ** exponent
