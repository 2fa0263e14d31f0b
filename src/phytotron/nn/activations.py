"""Activations that PyTorch lacks; conf/activation/ lists all that can be chosen."""

from __future__ import annotations

from torch import Tensor, nn

from phytotron.nn.shapes import Float


class BinaryThreshold(nn.Module):
    """1 above a threshold, 0 up to it (McCulloch and Pitts, 1943); any shape.

    Its derivative is 0 everywhere, so what lies below it does not learn by gradients.
    """

    def __init__(self, threshold: float = 0.0) -> None:
        super().__init__()
        self.threshold = threshold

    def forward(self, inputs: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        return (inputs > self.threshold).to(inputs.dtype)


class AbsoluteValue(nn.Module):
    """|z| (Jarrett et al., "What is the Best Multi-Stage Architecture?", 2009); any shape."""

    def forward(self, inputs: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        return inputs.abs()
