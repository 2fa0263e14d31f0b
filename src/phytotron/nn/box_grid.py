"""Boxes of objects as numbers that a network gives for each cell of a grid.

The cell in which the centre of an object lies is responsible for it, as in YOLO (Redmon et al.,
2016). With anchors (YOLOv2, Redmon and Farhadi, 2017) a cell has a place for each of some typical
sizes, and an object goes to the place whose size is most like its own.

Sources: Rajput 2023, ch. 11; Notes of several courses, Object detection and segmentation; Vasilev
    2023, ch. 5
Catalogue: H06
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.ops import box_convert, box_iou

from phytotron.nn.shapes import Float, Int

Anchors = Sequence[Sequence[Sequence[float]]]  # for each grid its (width, height), in pixels


def normalised(
    boxes: Float[Tensor, "*shape 4"], width: float, height: float
) -> Float[Tensor, "*shape 4"]:
    """Centre and size relative to the image's: (x, y, width, height), each in [0, 1].

    Args:
        boxes: left, top, right, bottom in pixels, shape (..., 4).
        width, height: of the image, in pixels.
    """
    return box_convert(boxes, "xyxy", "cxcywh") / boxes.new_tensor([width, height, width, height])


class BoxGrid(nn.Module):
    """The places of one or several grids, and what their numbers mean.

    The places are in the order of grids, rows, columns, anchors. Each has four numbers. The first
    two are where in its cell the centre is, in [0, 1]. The others are, without anchors, the square
    roots of width and height relative to the image's, for which a wrong pixel counts less in a
    larger box; with anchors, the logarithms of width and height as multiples of the anchor's.

    Args:
        height, width: of an image, in pixels.
        strides: height and width of the cells of each grid, in pixels.
        anchors: for each grid the typical sizes, as many in each; None: one place a cell.
    """

    cells: Tensor
    stride: Tensor
    anchor: Tensor
    shape: Tensor

    def __init__(
        self, height: int, width: int, strides: Sequence[int], anchors: Anchors | None = None
    ) -> None:
        super().__init__()
        self.grids = [(height // stride, width // stride) for stride in strides]
        self.strides = list(strides)
        self.anchors = anchors
        self.per_cell = len(anchors[0]) if anchors else 1
        cells, stride, anchor = [], [], []
        for number, (rows, columns) in enumerate(self.grids):
            row, column = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
            corners = torch.stack([column, row], -1).view(-1, 1, 2)
            cells.append(corners.expand(-1, self.per_cell, 2).reshape(-1, 2))
            stride.append(torch.full((len(cells[-1]), 1), float(strides[number])))
            if anchors:
                sizes = torch.tensor(anchors[number], dtype=torch.float32)
                anchor.append(sizes.repeat(rows * columns, 1))
        # Not part of the model's state: they follow from the config.
        buffers = {
            "cells": torch.cat(cells).float(),  # column and row, shape (places, 2)
            "stride": torch.cat(stride),  # shape (places, 1)
            "anchor": torch.cat(anchor) if anchors else torch.empty(0),  # shape (places, 2)
            "shape": torch.tensor([float(width), float(height)]),
        }
        for name, value in buffers.items():
            self.register_buffer(name, value, persistent=False)

    def __len__(self) -> int:
        """The number of places."""
        return len(self.cells)

    def numbers(self, raw: Float[Tensor, "*shape 4"]) -> Float[Tensor, "*shape 4"]:
        """The four numbers of each place, from what a network gives; both (..., places, 4)."""
        centre, size = raw.split(2, -1)
        return torch.cat([centre.sigmoid(), size if self.anchors else size.sigmoid()], -1)

    def decode(self, numbers: Float[Tensor, "*shape places 4"]) -> Float[Tensor, "*shape places 4"]:
        """Numbers of all places, shape (..., places, 4), to boxes in pixels, of the same shape."""
        centre, size = numbers.split(2, -1)
        sizes = size.exp() * self.anchor if self.anchors else size.square() * self.shape
        return box_convert(
            torch.cat([(self.cells + centre) * self.stride, sizes], -1), "cxcywh", "xyxy"
        )

    def places(self, boxes: Float[Tensor, "*shape 4"]) -> Int[Tensor, "*shape"]:
        """Which place is responsible for each box.

        Args:
            boxes: in pixels, shape (..., 4).

        Returns:
            int64, shape (...). Two boxes may have the same.

        Sources: Notes of several courses, Object detection and segmentation; Vasilev 2023, ch. 5
        Catalogue: H08
        """
        middle, size = box_convert(boxes, "xyxy", "cxcywh").split(2, -1)
        best = self._best_anchors(size)
        found = torch.zeros_like(best)
        first = 0
        for number, (rows, columns) in enumerate(self.grids):
            cell = (middle / self.strides[number]).long()
            column, row = cell[..., 0].clamp(0, columns - 1), cell[..., 1].clamp(0, rows - 1)
            place = first + (row * columns + column) * self.per_cell + best % self.per_cell
            found = torch.where(best // self.per_cell == number, place, found)
            first += rows * columns * self.per_cell
        return found

    def encode(
        self, boxes: Float[Tensor, "*shape 4"], places: Int[Tensor, "*shape"]
    ) -> Float[Tensor, "*shape 4"]:
        """The numbers of the places for given boxes: the inverse of `decode`.

        Args:
            boxes: in pixels, shape (..., 4), none of them empty.
            places: of each box, shape (...).
        """
        middle, size = box_convert(boxes, "xyxy", "cxcywh").split(2, -1)
        centre = middle / self.stride[places] - self.cells[places]
        code = (size / self.anchor[places]).log() if self.anchors else (size / self.shape).sqrt()
        return torch.cat([centre, code], -1)

    def _best_anchors(self, size: Float[Tensor, "*shape 2"]) -> Int[Tensor, "*shape"]:
        """The number, over all grids, of the anchor with the largest IoU of each width and height.

        Boxes are compared as if they had the same corner. Shape (..., 2) to shape (...).
        """
        if self.anchors is None:
            return torch.zeros(size.shape[:-1], dtype=torch.int64, device=size.device)
        typical = size.new_tensor(self.anchors).view(-1, 2)
        given = size.reshape(-1, 2)
        overlaps = box_iou(
            torch.cat([torch.zeros_like(given), given], 1),
            torch.cat([torch.zeros_like(typical), typical], 1),
        )
        return overlaps.argmax(1).view(size.shape[:-1])
