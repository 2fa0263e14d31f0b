"""Training a network to give the target of its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MeanMetric, Metric

from phytotron.tasks.answers import Answers, described_answers
from phytotron.tasks.task import Task

_AT_ONCE = 500  # samples that go through the network at once


class Measures(nn.Module):
    """The mean loss and the metrics of a split.

    Args:
        metrics: what makes a metric of (outputs, targets), by name.
    """

    def __init__(self, metrics: Mapping[str, Callable[[], Metric]]) -> None:
        super().__init__()
        self.loss = MeanMetric()
        self.others = nn.ModuleDict({name: factory() for name, factory in metrics.items()})

    def of_outputs(self) -> Iterator[Metric]:
        """All but the loss."""
        for metric in self.others.values():
            assert isinstance(metric, Metric)
            yield metric

    def take(self) -> dict[str, Tensor]:
        """The values by name; all begin anew."""
        metrics = [self.loss, *self.of_outputs()]
        values = [metric.compute() for metric in metrics]
        for metric in metrics:
            metric.reset()
        named = zip(["loss", *self.others], values, strict=True)
        return {key: number for name, value in named for key, number in _numbers(name, value)}


def _numbers(name: str, value: Tensor) -> Iterator[tuple[str, Tensor]]:
    """A value under its name; of several, one for each output, their mean and each of them."""
    yield name, value.mean()
    if value.numel() > 1:
        for position, number in enumerate(value):
            yield f"{name}_{position}", number


class Supervised(Task):
    """Classification or regression with any network, whatever its input: the loss decides.

    A batch is (inputs, targets), or (inputs, more inputs, ..., targets); `network(*inputs)` gives
    what loss and metrics take with the targets: logits of shape (batch, classes) and class ids of
    shape (batch,), or two arrays of shape (batch, outputs). While training, an ensemble may give
    the outputs of all its members, with one dimension more, if the loss knows what to do with them.

    Once per validation it logs `train_loss`, `val_loss` and `val_<metric>`, over the whole split;
    a test gives `test/loss` and `test/<metric>`.

    Args:
        network: the network to train.
        loss: of (outputs, targets), a mean over the batch.
        metrics: of torchmetrics, by name.
        augmentation: changes the (first) inputs of a training batch at random; None: they stay.
        others: see `Task`.
    """

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: Mapping[str, Any],
        loss: Callable[[Tensor, Tensor], Tensor],
        metrics: Mapping[str, Callable[[], Metric]],
        scheduler: Mapping[str, Any] | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
        augmentation: Callable[[Tensor], Tensor] | None = None,
    ) -> None:
        super().__init__(network, optimizer=optimizer, scheduler=scheduler, regularizer=regularizer)
        self.loss = loss
        self.augmentation = augmentation
        self.val_metrics = Measures(metrics)
        self.test_metrics = Measures(metrics)

    def answers(self, data: Any) -> Answers | None:
        return described_answers(data, self.loss)

    @torch.inference_mode()
    def test_outputs(self, model: nn.Module, data: Any) -> tuple[Tensor, Tensor]:
        *inputs, targets = data.test
        parts = zip(*(tensor.split(_AT_ONCE) for tensor in inputs), strict=True)
        return torch.cat([model(*part) for part in parts]), targets

    def objective(self, batch: tuple[Tensor, ...]) -> Tensor:
        *inputs, targets = batch
        if self.augmentation is not None:
            inputs[0] = self.augmentation(inputs[0])
        return self.loss(self(*inputs), targets)

    def validation_step(self, batch: tuple[Tensor, ...], index: int) -> None:
        inputs, targets = batch
        self.measure(self.val_metrics, self(inputs), targets)

    def validation_metrics(self) -> dict[str, Tensor]:
        return {f"val_{name}": value for name, value in self.val_metrics.take().items()}

    def test_step(self, batch: tuple[Tensor, ...], index: int) -> None:
        inputs, targets = batch
        self.measure(self.test_metrics, self(inputs), targets)

    def on_test_epoch_end(self) -> None:
        for name, value in self.test_metrics.take().items():
            self.log(f"test/{name}", value, sync_dist=True)

    def measure(self, measures: Measures, outputs: Tensor, targets: Tensor) -> None:
        """Take the outputs of a batch into account."""
        measures.loss.update(self.loss(outputs, targets), weight=len(targets))
        for metric in measures.of_outputs():
            metric.update(outputs, targets)
