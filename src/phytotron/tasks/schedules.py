"""Learning-rate schedules over the steps of a whole run.

All multiply the learning rate that the optimizer began with. A schedule by epochs divides the
steps of the run evenly among its epochs.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, SupportsFloat

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from phytotron.errors import UserError


def warmup_linear(
    optimizer: Optimizer, total_steps: int, warmup: float, floor: float = 0.0
) -> LambdaLR:
    """Climb linearly to the optimizer's learning rate, then fall linearly.

    Args:
        optimizer: its learning rate is the peak.
        total_steps: optimizer steps of the run.
        warmup: share of the steps spent climbing, at least 0 and below 1.
        floor: share of the peak that the step after the last would have.
    """
    return _warmup(optimizer, total_steps, warmup, floor, lambda progress: 1 - progress)


def warmup_cosine(
    optimizer: Optimizer, total_steps: int, warmup: float, floor: float = 0.1
) -> LambdaLR:
    """Climb linearly to the optimizer's learning rate, then fall as half a cosine.

    As for large language models (Brown et al., "Language Models are Few-Shot Learners", 2020,
    appendix B: to 10 %). Arguments as of `warmup_linear`.
    """

    def shape(progress: float) -> float:
        return (1 + math.cos(math.pi * progress)) / 2

    return _warmup(optimizer, total_steps, warmup, floor, shape)


def _warmup(
    optimizer: Optimizer,
    total_steps: int,
    warmup: float,
    floor: float,
    shape: Callable[[float], float],
) -> LambdaLR:
    """`shape` falls from 1 to 0 over the part of the run after the warm-up, from 0 to 1."""
    _check("warmup", warmup, "from 0 to below 1", 0 <= warmup < 1)
    _check("floor", floor, "from 0 to 1", 0 <= floor <= 1)
    climb = min(round(warmup * total_steps), total_steps - 1)

    def factor(step: int) -> float:
        if step < climb:
            return (step + 1) / (climb + 1)
        progress = min(1.0, (step - climb) / (total_steps - climb))
        return floor + (1 - floor) * shape(progress)

    return LambdaLR(optimizer, factor)


def inverse_time(optimizer: Optimizer, total_steps: int, epochs: int, rate: float) -> LambdaLR:
    """1 / (1 + rate epoch), with epochs counted from 1.

    Args:
        optimizer: its learning rate is the one that is divided.
        total_steps: optimizer steps of the run.
        epochs: of the run.
        rate: of the decay, at least 0.
    """
    _check("rate", rate, "0 or more", rate >= 0)
    return _by_epoch(optimizer, total_steps, epochs, lambda epoch: 1 / (1 + rate * (epoch + 1)))


def exponential(optimizer: Optimizer, total_steps: int, epochs: int, base: float) -> LambdaLR:
    """base^epoch, with epochs counted from 0.

    Args:
        optimizer: its learning rate is that of the first epoch.
        total_steps: optimizer steps of the run.
        epochs: of the run.
        base: factor from one epoch to the next, above 0.
    """
    _check("base", base, "above 0", base > 0)
    return _by_epoch(optimizer, total_steps, epochs, lambda epoch: base**epoch)


def inverse_sqrt(optimizer: Optimizer, total_steps: int, epochs: int, per: str) -> LambdaLR:
    """1 / √epoch or 1 / √step, both counted from 1.

    Args:
        optimizer: its learning rate is that of the first epoch or step, the k of k/√epoch.
        total_steps: optimizer steps of the run.
        epochs: of the run.
        per: `epoch` or `step`.
    """
    _check("per", per, "epoch, step", per in ("epoch", "step"))
    if per == "step":
        return LambdaLR(optimizer, lambda step: 1 / math.sqrt(step + 1))
    return _by_epoch(optimizer, total_steps, epochs, lambda epoch: 1 / math.sqrt(epoch + 1))


def constant_then_linear(
    optimizer: Optimizer, total_steps: int, epochs: int, constant_epochs: int
) -> LambdaLR:
    """Constant, then (E − e) / (E − c) in epoch e of E, counted from 0; c epochs are constant.

    As CycleGAN was trained (Zhu et al., 2017, section 4). A run of no more than c epochs is
    constant throughout.

    Args:
        optimizer: its learning rate is the constant one.
        total_steps: optimizer steps of the run.
        epochs: of the run.
        constant_epochs: before the fall begins.
    """
    _check("constant_epochs", constant_epochs, "0 or more", constant_epochs >= 0)

    def factor(epoch: int) -> float:
        if epoch < constant_epochs:
            return 1.0
        return max(0.0, (epochs - epoch) / (epochs - constant_epochs))

    return _by_epoch(optimizer, total_steps, epochs, factor)


def _by_epoch(
    optimizer: Optimizer, total_steps: int, epochs: int, factor: Callable[[int], float]
) -> LambdaLR:
    """One factor for all steps of an epoch, counted from 0."""
    steps = max(1, total_steps // epochs)
    return LambdaLR(optimizer, lambda step: factor(step // steps))


class ReduceOnPlateau(ReduceLROnPlateau):
    """PyTorch's schedule with the name of the monitored value; steps when a validation ends.

    Args:
        optimizer: whose learning rate is reduced.
        monitor: the name under which the task logs the value.
        others: as of PyTorch's.
    """

    def __init__(self, optimizer: Optimizer, *, monitor: str, **others: Any) -> None:
        super().__init__(optimizer, **others)
        self.monitor = monitor


class BoldDriver(ReduceOnPlateau):
    """The bold driver: the rate rises slowly after each success and falls fast after a failure.

    Battiti, "Accelerated Backpropagation Learning: Two Optimization Methods", 1989, with the step
    that failed not taken back. The first value counts as a success.

    Args:
        optimizer: whose learning rate changes.
        monitor: the name under which the task logs the value, of which lower is better.
        up: factor after a success, from 1.
        down: factor after a failure, below 1.
        min_lr: the lowest learning rate.
    """

    def __init__(
        self, optimizer: Optimizer, *, monitor: str, up: float, down: float, min_lr: float = 0.0
    ) -> None:
        _check("up", up, "1 or more", up >= 1)
        _check("down", down, "above 0 and below 1", 0 < down < 1)
        super().__init__(optimizer, monitor=monitor, min_lr=min_lr)
        self.up, self.down = up, down
        self.last = math.inf

    def step(  # type: ignore[override]
        self, metrics: SupportsFloat, epoch: int | None = None
    ) -> None:
        value = float(metrics)
        factor = self.up if value < self.last else self.down
        self.last = value
        for group, least in zip(self.optimizer.param_groups, self.min_lrs, strict=True):
            group["lr"] = max(least, group["lr"] * factor)
        self._last_lr = [group["lr"] for group in self.optimizer.param_groups]


def growing_batch(
    initial_size: int, final_size: int, batch_size: int, epochs: int
) -> dict[int, int]:
    """Batches per update for each epoch, so that the effective batch size grows.

    Early on the gradient is large against its noise and small batches make more updates; later
    the noise must be averaged out (Smith et al., "Don't Decay the Learning Rate, Increase the
    Batch Size", 2018). The growth is geometric.

    Sources: Vasilev 2023, ch. 8
    Catalogue: D65

    Args:
        initial_size: samples, or tokens, of an update in the first epoch.
        final_size: of an update in the last epoch.
        batch_size: of the data module's batches.
        epochs: of the run.

    Returns:
        From epochs, counted from 0, to batches: what `callbacks` gives Lightning's
        `GradientAccumulationScheduler` as `scheduling`. Only epochs in which the number changes.
    """
    _check(
        "initial_size",
        initial_size,
        f"batch_size ({batch_size}) or more",
        initial_size >= batch_size,
    )
    _check(
        "final_size",
        final_size,
        f"initial_size ({initial_size}) or more",
        final_size >= initial_size,
    )
    schedule: dict[int, int] = {}
    for epoch in range(epochs):
        size = initial_size * (final_size / initial_size) ** (epoch / max(1, epochs - 1))
        batches = round(size / batch_size)
        if not schedule or batches != schedule[max(schedule)]:
            schedule[epoch] = batches
    return schedule


def _check(key: str, value: Any, allowed: str, valid: bool) -> None:
    if not valid:
        raise UserError(f"{value!r}", where=f"scheduler.{key}", allowed=allowed)
