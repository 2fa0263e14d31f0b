"""The loss of a network that finds objects with a grid."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phytotron.nn.box_grid import BoxGrid
from phytotron.nn.shapes import Float, Int

KINDS = ("squared_error", "cross_entropy")


class DetectionLoss(nn.Module):
    """Errors of box, objectness and class, summed over the places of an image.

    Most places are empty. They learn objectness alone, and with a lower weight: their sum would
    otherwise outweigh that of the few places with an object, and the network would learn to detect
    nothing (YOLO, Redmon et al., 2016, equation 3). Boxes have squared errors of their numbers, see
    `BoxGrid`; objectness and class too, or cross-entropies as in YOLOv3 (Redmon and Farhadi, 2018).

    Args:
        kind: of objectness and class: `squared_error` or `cross_entropy`.
        box_weight: of the errors of boxes.
        empty_weight: of the objectness of empty places.

    Raises:
        ValueError: there is no such kind.
    """

    def __init__(
        self, kind: str = "cross_entropy", box_weight: float = 5.0, empty_weight: float = 0.5
    ) -> None:
        super().__init__()
        if kind not in KINDS:
            raise ValueError(f"unknown kind '{kind}'; allowed: {', '.join(KINDS)}")
        self.kind = kind
        self.box_weight = box_weight
        self.empty_weight = empty_weight

    def forward(
        self,
        raw: Float[Tensor, "batch places numbers"],
        grid: BoxGrid,
        boxes: Float[Tensor, "batch objects 4"],
        classes: Int[Tensor, "batch objects"],
    ) -> Float[Tensor, ""]:
        """The mean over the images, a scalar.

        Args:
            raw: outputs of the network: four numbers of the box, one of objectness, logits of the
                classes; shape (batch, places, 5 + classes).
            grid: of these places.
            boxes: of the objects, in pixels, shape (batch, objects, 4).
            classes: class ids, shape (batch, objects); -1 where there is no object.
        """
        image, number = (classes >= 0).nonzero(as_tuple=True)
        boxes, classes = boxes[image, number], classes[image, number]
        places = grid.places(boxes)
        given = raw[image, places]  # shape (objects, 5 + classes)

        box = (grid.numbers(given[:, :4]) - grid.encode(boxes, places)).square().sum()
        occupied = torch.zeros_like(raw[..., 4])
        occupied[image, places] = 1
        weights = torch.where(occupied > 0, 1.0, self.empty_weight)
        if self.kind == "squared_error":
            object_error = (raw[..., 4].sigmoid() - occupied).square()
            wanted = F.one_hot(classes, raw.shape[-1] - 5)
            class_error = (given[:, 5:].softmax(-1) - wanted).square().sum()
        else:
            object_error = F.binary_cross_entropy_with_logits(
                raw[..., 4], occupied, reduction="none"
            )
            class_error = F.cross_entropy(given[:, 5:], classes, reduction="sum")
        total = self.box_weight * box + (weights * object_error).sum() + class_error
        return total / len(raw)
