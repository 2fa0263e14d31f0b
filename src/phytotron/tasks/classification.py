"""Training a network to name the class of its input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn
from torchmetrics import MeanMetric
from torchmetrics.classification import MulticlassAccuracy, MulticlassF1Score

from phytotron.config.instantiate import instantiate
from phytotron.nn.logit_adjustment import LogitAdjustedCrossEntropy
from phytotron.tasks.mean_loss import MeanLoss


class Classification(pl.LightningModule):
    """Classification with any network, whatever its input.

    A batch is a pair (inputs, targets); `network(inputs)` gives logits of shape (batch, classes),
    targets are class ids of shape (batch,). While training, an ensemble gives the logits of all
    its members, shape (members, batch, classes), and each of them learns by itself.

    Once per validation it logs `train_loss` (mean since the last validation), `val_loss`,
    `val_accuracy` and `val_macro_f1` (over the whole split).

    Args:
        network: the network to train.
        optimizer: config node of the optimizer, without the parameters.
        scheduler: config node of the learning-rate schedule, without the optimizer, or None. It
            steps with the optimizer. If it has the key `total_steps`, that is set to the
            optimizer steps of the whole run.
        class_counts: training samples of each class.
        logit_adjustment: how much rare classes are favoured, from 0 (not at all) to 1 (as if all
            were equally frequent); see `LogitAdjustedCrossEntropy`.
        label_smoothing: the share of each target that is spread over all classes.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: Mapping[str, Any],
        scheduler: Mapping[str, Any] | None,
        class_counts: Sequence[int],
        logit_adjustment: float,
        label_smoothing: float,
    ) -> None:
        super().__init__()
        self.network = network
        self.optimizer_node = optimizer
        self.scheduler_node = scheduler
        self.loss = LogitAdjustedCrossEntropy(class_counts, logit_adjustment, label_smoothing)
        self.validation_loss = nn.CrossEntropyLoss()
        self.train_mean = MeanLoss()
        self.val_mean = MeanMetric()
        self.val_accuracy = MulticlassAccuracy(len(class_counts), average="micro")
        self.val_macro_f1 = MulticlassF1Score(len(class_counts), average="macro")

    def forward(self, inputs: Tensor) -> Tensor:
        return self.network(inputs)

    def training_step(self, batch: tuple[Tensor, Tensor], index: int) -> Tensor:
        inputs, targets = batch
        loss = self.loss(self(inputs), targets)
        self.train_mean.update(loss)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], index: int) -> None:
        inputs, targets = batch
        logits = self(inputs)
        self.val_mean.update(self.validation_loss(logits, targets), weight=len(targets))
        self.val_accuracy.update(logits, targets)
        self.val_macro_f1.update(logits, targets)

    def on_validation_epoch_end(self) -> None:
        metrics = {
            "train_loss": self.train_mean,
            "val_loss": self.val_mean,
            "val_accuracy": self.val_accuracy,
            "val_macro_f1": self.val_macro_f1,
        }
        # `compute` gathers over all processes, so each of them logs the same values.
        for name, metric in metrics.items():
            self.log(name, metric.compute(), sync_dist=True)
            metric.reset()

    def configure_optimizers(self) -> Any:
        optimizer = instantiate(self.optimizer_node, self.network.parameters())
        if self.scheduler_node is None:
            return optimizer
        steps = {"total_steps": int(self.trainer.estimated_stepping_batches)}
        given = {key: value for key, value in steps.items() if key in self.scheduler_node}
        scheduler = instantiate(self.scheduler_node, optimizer, **given)
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": scheduler, "interval": "step"},
        }
