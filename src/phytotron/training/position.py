"""Where a training stands, and how a `Trainer` and its loaders are set to stand there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import pytorch_lightning as pl

from phytotron.training.lightning_internals import epoch_loop, finished_epochs, set_progress


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
    loop = epoch_loop(trainer)
    return Position(
        epoch=finished_epochs(trainer),
        batch=batch,
        validate=validate,
        batches=loop.batch_progress.total.ready,
        automatic_steps=loop.automatic_optimization.optim_progress.optimizer_steps,
        manual_steps=loop.manual_optimization.optim_step_progress.total.completed,
        logged_steps=loop.logged_steps,
    )


def set_position(trainer: pl.Trainer, place: Position) -> None:
    """Set the trainer's counters, except the batches of the present epoch: `EpochLoop.start_at`."""
    loop = epoch_loop(trainer)
    set_progress(trainer.fit_loop.epoch_progress.total, place.epoch)
    set_progress(trainer.fit_loop.epoch_progress.current, place.epoch)
    set_progress(loop.batch_progress.total, place.batches)
    # `trainer.global_step` is the second one where a task steps its optimizers itself.
    automatic = loop.automatic_optimization.optim_progress.optimizer.step.total
    set_progress(automatic, place.automatic_steps)
    set_progress(loop.manual_optimization.optim_step_progress.total, place.manual_steps)
    loop.logged_steps = place.logged_steps


def batches_before(trainer: pl.Trainer) -> int:
    """Batches of this training before the next one, as if it had never been interrupted."""
    batch = trainer.fit_loop.epoch_loop.batch_idx + 1
    return trainer.current_epoch * int(trainer.num_training_batches) + batch


def place_loaders(loaders: list[Any], epoch: int, batch: int) -> None:
    """Let the next iterator of each loader begin after a batch of an epoch.

    Raises:
        TypeError: a loader can only begin at the beginning, and `batch` is not 0.
    """
    for loader in loaders:
        parts = (getattr(loader, name, None) for name in ("sampler", "batch_sampler"))
        movable: list[Any] = [part for part in (loader, *parts) if hasattr(part, "start_at")]
        if not movable and batch > 0:
            raise TypeError(
                f"neither {type(loader).__name__} nor its sampler has a method "
                "start_at(epoch, batch): training cannot be continued in the middle of an epoch"
            )
        for part in movable:
            part.start_at(epoch, batch)
