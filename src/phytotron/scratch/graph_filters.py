"""Convolution on graphs: free in the spectrum, then polynomials of the Laplacian.

With the normalised Laplacian L = U Λ Uᵀ, Uᵀ f is the graph Fourier transform of a signal f with one
number a node, and U g(Λ) Uᵀ f filters it. A layer of Bruna et al. (Spectral networks, 2014) learns
the diagonal g: as many numbers as there are nodes, for this graph alone, and not local.

A polynomial g needs neither U nor many numbers: Σ θ_k L^k f reaches exactly K edges far. Defferrard
et al. (Convolutional neural networks on graphs with fast localized spectral filtering, 2016) write
it with Chebyshev polynomials of L̃ = 2 L / λ_max - I, whose eigenvalues are in [-1, 1]:
T₀ = I, T₁ = L̃, T_k = 2 L̃ T_{k-1} - T_{k-2}.

Sources: Pattanayak 2023, ch. 6
Catalogue: O08, O08b
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def fourier(laplacian: Array, signal: Array) -> Array:
    """Uᵀ f: shape (nodes, ...), frequencies in ascending order instead of nodes."""
    return np.linalg.eigh(laplacian)[1].T @ signal


def inverse_fourier(laplacian: Array, spectrum: Array) -> Array:
    """U f̂, back from the frequencies to the nodes."""
    return np.linalg.eigh(laplacian)[1] @ spectrum


def spectral_filter(laplacian: Array, signal: Array, response: Callable[[Array], Array]) -> Array:
    """U g(Λ) Uᵀ f; the response g takes the eigenvalues, shape (nodes,)."""
    values, vectors = np.linalg.eigh(laplacian)
    return (vectors * response(values)) @ (vectors.T @ signal)


def polynomial_filter(laplacian: Array, signal: Array, theta: Sequence[float]) -> Array:
    """Σ θ_k L^k f, with one product of L and a signal for each power."""
    result, power = theta[0] * signal, signal
    for weight in theta[1:]:
        power = laplacian @ power
        result = result + weight * power
    return result


def chebyshev_terms(
    laplacian: Array, signal: Array, order: int, largest: float = 2.0
) -> list[Array]:
    """T₀(L̃) f to T_order(L̃) f.

    Args:
        laplacian: L, shape (nodes, nodes).
        signal: f, shape (nodes, ...).
        order: K, edges that the last one reaches.
        largest: λ_max; 2 bounds that of every normalised Laplacian.
    """
    scaled = 2 * laplacian / largest - np.eye(len(laplacian))
    terms = [signal, scaled @ signal]
    while len(terms) <= order:
        terms.append(2 * scaled @ terms[-1] - terms[-2])
    return terms[: order + 1]


def chebyshev_filter(
    laplacian: Array, signal: Array, theta: Sequence[float], largest: float = 2.0
) -> Array:
    """Σ θ_k T_k(L̃) f."""
    terms = chebyshev_terms(laplacian, signal, len(theta) - 1, largest)
    return np.tensordot(np.asarray(theta), np.stack(terms), 1)


class SpectralLayer:
    """Y = U (Σ_i θ_i ⊙ Uᵀ x_i): a free response for each pair of input and output features.

    Args:
        laplacian: of the one graph that it is for, shape (nodes, nodes).
        inputs, outputs: features of a node.
        random: draws θ, normal with standard deviation 1 / √inputs.

    Attributes:
        theta: shape (nodes, inputs, outputs); d_theta: its gradient after `backward`.
    """

    def __init__(
        self, laplacian: Array, inputs: int, outputs: int, random: np.random.Generator
    ) -> None:
        self.vectors = np.linalg.eigh(laplacian)[1]
        self.theta = random.standard_normal((len(laplacian), inputs, outputs)) / np.sqrt(inputs)

    def forward(self, inputs: Array) -> Array:
        """Shape (nodes, inputs) to (nodes, outputs)."""
        self.spectrum = self.vectors.T @ inputs
        return self.vectors @ np.einsum("ni,nio->no", self.spectrum, self.theta)

    def backward(self, d_outputs: Array) -> Array:
        """The gradient of the loss in the outputs to that in the inputs."""
        d_spectrum = self.vectors.T @ d_outputs
        self.d_theta = np.einsum("ni,no->nio", self.spectrum, d_spectrum)
        return self.vectors @ np.einsum("no,nio->ni", d_spectrum, self.theta)
