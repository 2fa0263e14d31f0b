"""Training a network to find the objects in an image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric
from torchmetrics.detection import MeanAveragePrecision
from torchvision.ops import batched_nms

from phytotron.models.detection.grid_detector import GridDetector
from phytotron.nn.detection_loss import DetectionLoss
from phytotron.tasks.task import Task

Detections = dict[str, Tensor]  # boxes (objects, 4) in pixels, scores (objects), labels (objects)
_MAX_DETECTIONS = 100  # of an image, as in COCO's average precision


class DetectionMetrics(nn.Module):
    """The mean loss, and the mean average precision over the classes (COCO, Lin et al., 2014)."""

    def __init__(self) -> None:
        super().__init__()
        self.loss = MeanMetric()
        self.precision = MeanAveragePrecision()

    def take(self) -> dict[str, Tensor]:
        """`loss`; `map50`, with boxes that count from an IoU of 0.5; and `map`, the mean for 0.5,
        0.55, ..., 0.95. The metrics are reset."""
        loss, precision = self.loss.compute(), self.precision.compute()
        self.loss.reset()
        self.precision.reset()
        return {"loss": loss, "map50": precision["map_50"], "map": precision["map"]}


class Detection(Task):
    """A network with a `grid` learns to find objects.

    A batch has `images`, `boxes` and `classes`, of which an image has a varying number; see
    `phytotron.data.scenes.Scenes`.

    Args:
        network: see `GridDetector`.
        loss: see `DetectionLoss`.
        least_score: detections of a lower score are dropped; low, as precision is measured over all
            scores.
        most_overlap: IoU of non-maximum suppression, within a class.
        others: see `Task`.
    """

    network: GridDetector

    def __init__(
        self,
        network: GridDetector,
        *,
        optimizer: Mapping[str, Any],
        loss: DetectionLoss,
        least_score: float,
        most_overlap: float,
        scheduler: Mapping[str, Any] | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        super().__init__(network, optimizer=optimizer, scheduler=scheduler, regularizer=regularizer)
        self.loss = loss
        self.least_score = least_score
        self.most_overlap = most_overlap
        self.val_metrics = DetectionMetrics()
        self.test_metrics = DetectionMetrics()

    def objective(self, batch: Any) -> Tensor:
        return self.loss(self(batch.images), self.network.grid, batch.boxes, batch.classes)

    @torch.no_grad()
    def detect(self, images: Tensor) -> list[Detections]:
        """The detections of each image, of images of shape (batch, channels, height, width)."""
        return self._detections(self(images))

    def validation_step(self, batch: Any, index: int) -> None:
        self._measure(self.val_metrics, batch)

    def validation_metrics(self) -> dict[str, Tensor]:
        return {f"val_{name}": value for name, value in self.val_metrics.take().items()}

    def test_step(self, batch: Any, index: int) -> None:
        self._measure(self.test_metrics, batch)

    def on_test_epoch_end(self) -> None:
        for name, value in self.test_metrics.take().items():
            self.log(f"test/{name}", value, sync_dist=True)

    def _measure(self, measures: DetectionMetrics, batch: Any) -> None:
        raw = self(batch.images)
        loss = self.loss(raw, self.network.grid, batch.boxes, batch.classes)
        measures.loss.update(loss, weight=len(raw))
        truth = [
            {"boxes": boxes[classes >= 0], "labels": classes[classes >= 0]}
            for boxes, classes in zip(batch.boxes, batch.classes, strict=True)
        ]
        measures.precision.update(self._detections(raw), truth)

    def _detections(self, raw: Tensor) -> list[Detections]:
        boxes = self.network.grid.decode(self.network.grid.numbers(raw[..., :4]))
        scores, labels = (raw[..., 4:5].sigmoid() * raw[..., 5:].softmax(-1)).max(-1)
        return [self._of_image(*one) for one in zip(boxes, scores, labels, strict=True)]

    def _of_image(self, boxes: Tensor, scores: Tensor, labels: Tensor) -> Detections:
        likely = torch.nonzero(scores >= self.least_score).flatten()
        order = batched_nms(boxes[likely], scores[likely], labels[likely], self.most_overlap)
        kept = likely[order[:_MAX_DETECTIONS]]  # by falling score
        return {"boxes": boxes[kept], "scores": scores[kept], "labels": labels[kept]}
