"""A small YOLO: a network that detects objects in one pass (Redmon et al., 2016)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from phytotron.nn.box_grid import Anchors, BoxGrid
from phytotron.nn.shapes import Float


class GridDetector(nn.Module):
    """Convolutions and poolings; then each cell predicts whether the centre of an object lies in
    it, and its box and class.

    With several levels, as in YOLOv3 (Redmon and Farhadi, 2018), the maps of the deepest one are
    upsampled and concatenated with those of the level above, so that small cells see context, too.

    Args:
        input_shape: of an image: (channels, height, width).
        num_classes: logits per position.
        channels: of the convolutions of each level; between two levels is 2x2 max-pooling.
        levels: those whose cells detect objects, counted from 0; a cell of level k is 2^k pixels
            wide.
        anchors: for each of these levels the widths and heights in pixels of typical objects, as
            many in each; None: one object a cell, of any size.
        activation: makes the activation after a convolution.
        normalization: makes what comes between a convolution and its activation, from channels
            and number of spatial dimensions; None: nothing.

    Attributes:
        grid: encodes and decodes the numbers of each position.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        num_classes: int,
        channels: Sequence[Sequence[int]],
        levels: Sequence[int],
        anchors: Anchors | None = None,
        activation: Callable[[], nn.Module] = nn.ReLU,
        normalization: Callable[[int, int], nn.Module] | None = None,
    ) -> None:
        super().__init__()
        in_channels, height, width = input_shape
        self.levels = sorted(levels, reverse=True)  # the deepest first
        ordered = None if anchors is None else [anchors[levels.index(k)] for k in self.levels]
        self.grid = BoxGrid(height, width, [2**level for level in self.levels], ordered)

        def convolution(before: int, after: int, kernel: int = 3) -> nn.Sequential:
            parts: list[nn.Module] = [nn.Conv2d(before, after, kernel, padding=kernel // 2)]
            if normalization is not None:
                parts.append(normalization(after, 2))
            return nn.Sequential(*parts, activation())

        self.backbone = nn.ModuleList()
        before = in_channels
        for level, filters in enumerate(channels[: self.levels[0] + 1]):
            parts: list[nn.Module] = [nn.MaxPool2d(2)] if level else []
            for after in filters:
                parts.append(convolution(before, after))
                before = after
            self.backbone.append(nn.Sequential(*parts))
        self.joins = nn.ModuleList(
            convolution(channels[deeper][-1] + channels[level][-1], channels[level][-1])
            for deeper, level in zip(self.levels, self.levels[1:], strict=False)
        )
        numbers = 5 + num_classes
        self.heads = nn.ModuleList(
            nn.Conv2d(channels[level][-1], self.grid.per_cell * numbers, 1) for level in self.levels
        )
        self.numbers = numbers

    def forward(
        self, images: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch places numbers"]:
        """Images, shape (batch, channels, height, width), to what `DetectionLoss` takes.

        Four numbers of the box, one of objectness, logits of the classes, for each place of the
        grid: shape (batch, places, 5 + classes).
        """
        maps = []
        for stage in self.backbone:
            images = stage(images)
            maps.append(images)
        joined = maps[self.levels[0]]
        found = [self._places(self.heads[0](joined))]
        for level, join, head in zip(self.levels[1:], self.joins, self.heads[1:], strict=True):
            enlarged = interpolate(joined, size=maps[level].shape[-2:])
            joined = join(torch.cat([enlarged, maps[level]], 1))
            found.append(self._places(head(joined)))
        return torch.cat(found, 1)

    def _places(
        self, outputs: Float[Tensor, "batch filters rows columns"]
    ) -> Float[Tensor, "batch places numbers"]:
        """Shape (batch, anchors * numbers, rows, columns) to (batch, places, numbers)."""
        return outputs.movedim(1, -1).reshape(len(outputs), -1, self.numbers)
