"""What all ways of training a network share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytorch_lightning as pl
from torch import Tensor, nn, tensor
from torchmetrics import Metric

from phytotron.config.instantiate import instantiate
from phytotron.tasks.answers import Answers
from phytotron.tasks.schedules import ReduceOnPlateau

Node = Mapping[str, Any]


class Task(pl.LightningModule):
    """A network with its objective, optimizer and schedule.

    A task implements `objective`, and `validation_step` and `test_step` if there is something to
    measure: it logs `val_...` when a validation ends, and `test/...` when a test ends. A task with
    another update rule implements `training_step` instead, and passes its loss to `train_mean`.

    Once per validation, or per epoch where there is none, `train_loss` is logged: the mean since
    the last time.

    Args:
        network: the network to train; its weights are all that is saved.
        optimizer: config node of the optimizer, without the parameters.
        scheduler: config node of the learning-rate schedule, without the optimizer, or None. It
            steps with the optimizer, a `ReduceOnPlateau` when a validation ends. One that asks
            for `total_steps` is told the optimizer steps of the whole run.
        regularizer: gives a penalty on the network's weights, a scalar that is added to the
            objective while training; None: no penalty.
    """

    network: nn.Module

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: Node,
        scheduler: Node | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        super().__init__()
        self.network = network
        self.optimizer_node = optimizer
        self.scheduler_node = scheduler
        self.regularizer = regularizer
        self.train_mean = MeanLoss()

    def objective(self, batch: Any) -> Tensor:
        """The loss of a training batch, a scalar."""
        raise NotImplementedError

    def answers(self, data: Any) -> Answers | None:
        """What the network answers to one who asks it; None: it cannot be asked sample by sample.

        Args:
            data: the data module that it was trained on.
        """
        return None

    def test_outputs(self, model: Any, data: Any) -> tuple[Tensor, Tensor]:
        """The network's outputs for the test split, and the targets, one row a sample.

        Args:
            model: the network.
            data: the data module.
        """
        raise NotImplementedError

    def forward(self, *inputs: Any) -> Any:
        return self.network(*inputs)

    def training_step(self, batch: Any, index: int) -> Tensor:
        loss = self.objective(batch)
        if self.regularizer is not None:
            loss = loss + self.regularizer(self.network)
        self.train_mean.update(loss)
        return loss

    def validation_metrics(self) -> dict[str, Tensor]:
        """What has been measured in this validation, by name; begins anew."""
        return {}

    def on_validation_epoch_end(self) -> None:
        # All are gathered over all processes already, so each of them logs the same values.
        for name, value in (self.take_train_loss() | self.validation_metrics()).items():
            self.log(name, value, sync_dist=True)

    def take_train_loss(self) -> dict[str, Tensor]:
        """`train_loss`, the mean since the last time."""
        value = self.train_mean.compute()
        self.train_mean.reset()
        return {"train_loss": value}

    def configure_optimizers(self) -> Any:
        optimizer = instantiate(self.optimizer_node, self.network.parameters())
        if self.scheduler_node is None:
            return optimizer
        steps = {"total_steps": int(self.trainer.estimated_stepping_batches)}
        scheduler = instantiate(self.scheduler_node, optimizer, context=steps)
        when: dict[str, Any] = {"interval": "step"}
        if isinstance(scheduler, ReduceOnPlateau):
            when = {"interval": "epoch", "monitor": scheduler.monitor}
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, **when}}


class MeanLoss(Metric):
    """The mean of the losses of all steps and processes since the last reset.

    The same sum in the same order as torchmetrics' `MeanMetric`, whose checks and weights take a
    twentieth of a small step's time.
    """

    total: Tensor
    steps: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", tensor(0.0), dist_reduce_fx="sum")
        self.add_state("steps", tensor(0.0), dist_reduce_fx="sum")

    def update(self, loss: Tensor) -> None:
        """Add the loss of a step, a scalar."""
        self.total.add_(loss.detach())
        self.steps.add_(1)

    def compute(self) -> Tensor:
        return self.total / self.steps
