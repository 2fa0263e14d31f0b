"""The answer of several networks: the mean of theirs.

Sources: Pattanayak 2023, ch. 3; Notes of several courses, CNN case studies
Catalogue: D36
"""

from __future__ import annotations

from torch import Tensor


def arithmetic_mean(probabilities: Tensor) -> Tensor:
    """The mean over the members, shape (members, batch, classes) to (batch, classes)."""
    return probabilities.mean(dim=0)


def geometric_mean(probabilities: Tensor) -> Tensor:
    """The normalised geometric mean over the members, shapes as in `arithmetic_mean`.

    Of members that are one softmax layer under all dropout masks, it is exactly the layer with
    its weights scaled by the probability of keeping a unit (Goodfellow et al., "Deep Learning",
    2016, section 7.12).
    """
    return probabilities.log().mean(dim=0).softmax(dim=-1)
