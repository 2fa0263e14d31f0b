"""Where a training stands, and how a `Trainer` is set to stand there."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pytorch_lightning as pl


@dataclass(frozen=True)
class Position:
    """A place between two batches.

    Attributes:
        epoch: epochs that are finished.
        batch: batches of the present epoch that are finished.
        validate: the validation that follows this batch is still to come.
        batches: batches of all epochs.
        automatic_steps: optimizer steps of a task that leaves them to Lightning.
        manual_steps: optimizer steps of a task that takes them itself.
        logged_steps: steps as loggers count them.
    """

    epoch: int = 0
    batch: int = 0
    validate: bool = False
    batches: int = 0
    automatic_steps: int = 0
    manual_steps: int = 0
    logged_steps: int = 0

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


def position(trainer: pl.Trainer, *, batch: int, validate: bool = False) -> Position:
    """Where a trainer stands, `batch` batches into its present epoch."""
    loop = trainer.fit_loop.epoch_loop
    return Position(
        epoch=trainer.fit_loop.epoch_progress.current.processed,
        batch=batch,
        validate=validate,
        batches=loop.batch_progress.total.ready,
        automatic_steps=loop.automatic_optimization.optim_progress.optimizer_steps,
        manual_steps=loop.manual_optimization.optim_step_progress.total.completed,
        logged_steps=loop._batches_that_stepped,
    )


def set_position(trainer: pl.Trainer, place: Position) -> None:
    """Set the trainer's counters; the batches of the present epoch are the epoch loop's affair."""
    loop = trainer.fit_loop.epoch_loop
    for counter in (trainer.fit_loop.epoch_progress.total, trainer.fit_loop.epoch_progress.current):
        counter.ready = counter.started = counter.processed = counter.completed = place.epoch
    total = loop.batch_progress.total
    total.ready = total.started = total.processed = total.completed = place.batches
    steps = loop.automatic_optimization.optim_progress.optimizer.step.total
    steps.ready = steps.completed = place.automatic_steps
    manual = loop.manual_optimization.optim_step_progress.total
    manual.ready = manual.completed = place.manual_steps
    loop._batches_that_stepped = place.logged_steps
