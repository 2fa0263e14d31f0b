"""An image as a network: its pixels are the parameters."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.errors import UserError
from phytotron.nn.shapes import Float

STARTS = ("noise", "content")


class Canvas(nn.Module):
    """One image.

    Args:
        content: the content image, shape (3, height, width), in [0, 1].
        start: the initial image: `noise`, or a copy of `content`.

    Attributes:
        pixels: shape (1, 3, height, width), in [0, 1].
        start: the initial pixels, of the same shape.

    Raises:
        UserError: there is no such start.
    """

    start: Tensor

    def __init__(self, *, content: Float[Tensor, "3 height width"], start: str = "noise") -> None:
        super().__init__()
        if start not in STARTS:
            raise UserError(
                f"unknown start '{start}'", where="model.start", allowed=", ".join(STARTS)
            )
        first = content.clone() if start == "content" else torch.rand_like(content)
        self.pixels = nn.Parameter(first[None])
        self.register_buffer("start", first[None].clone())

    def forward(self) -> Float[Tensor, "1 3 height width"]:
        """The image, shape (1, 3, height, width)."""
        return self.pixels
