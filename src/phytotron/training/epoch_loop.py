"""Lightning's loop over the batches of an epoch, made exact and interruptible; and its position.

`EpochLoop` differs from the loop that it extends in three ways:

- It can start after any batch, because the order of the data and the randomness of a step are pure
  functions of the position in the training. Lightning's own way of restarting is not used.
- After each batch it lets a `Recorder` save the state of the training, or end it.
- Small steps are taken several at once, see `steps_per_execution`.

A `Position` is all that a resumed training must know to continue at the same batch.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import pytorch_lightning as pl

from phytotron.training.lightning_internals import (
    LightningEpochLoop,
    epoch_loop,
    finished_epochs,
    set_progress,
    time_fetches,
)
from phytotron.training.reproducibility import seed_step
from phytotron.training.steps_per_execution import (
    StepRecorder,
    StepsPerExecution,
    batches_before,
    supports_steps_per_execution,
)


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


class Recorder(StepRecorder, Protocol):
    """What the loop tells about its progress."""

    def epoch_begins(self) -> None:
        """No batch of the present epoch has been trained yet."""

    def batch_done(self, batch: int, *, validate: bool) -> None:
        """Batch `batch` (from 1) has been trained; is a validation due next?"""


class EpochLoop(LightningEpochLoop):
    """The loop over the batches of an epoch. See the module.

    Args:
        trainer: the trainer whose loop this becomes.
        seed: of the randomness of each step.
        recorder: what saves the state.

    Attributes:
        steps_per_execution: how several steps are taken at once, and whether they are.
        seconds_waited: for batches, so far.
    """

    def __init__(self, trainer: pl.Trainer, seed: int, recorder: Recorder) -> None:
        replaced = trainer.fit_loop.epoch_loop
        super().__init__(trainer, replaced.min_steps, replaced.max_steps)
        self.seed = seed
        self.recorder = recorder
        self.steps_per_execution = StepsPerExecution(seed, recorder)
        self.seconds_waited = 0.0
        self._start = Position()

    def start_at(self, place: Position) -> None:
        """Begin the first epoch after one of its batches."""
        self._start = place

    def run(self, data_fetcher: Any) -> None:
        """Train the batches of one epoch, or those that are left of it.

        It follows `run` of Lightning's loop, which would call `on_iteration_done` as well: that
        ends Lightning's restarting, which never begins here.
        """
        start = self._start
        self.reset()
        self.on_run_start(data_fetcher)
        self._start = Position()  # only the first epoch may begin in the middle
        if start.validate:
            # The state was saved between a batch and its validation: finish that iteration first.
            self.on_advance_end(data_fetcher)
        elif start.batch == 0:
            self.recorder.epoch_begins()
        while not self.done:
            try:
                self.advance(data_fetcher)
                # Between the batches of one update nothing is saved: the gradients that have been
                # accumulated are no part of a checkpoint.
                complete = not self.is_accumulating
                # Before a validation, since it may take longer than what may be lost. The position
                # says that it is still to come.
                if complete and self.validation_is_due(data_fetcher):
                    self.recorder.batch_done(self.batch_idx + 1, validate=True)
                self.on_advance_end(data_fetcher)  # validates, if it is due
                # The state after the last batch is saved by the next epoch's beginning, or by the
                # training's end: callbacks have yet to hear of this epoch's end.
                if complete and not self.is_after_last_batch:
                    self.recorder.batch_done(self.batch_idx + 1, validate=False)
            except StopIteration:
                break

    def reset(self) -> None:
        """Set the counters to the batch after which this epoch begins, mostly 0."""
        super().reset()
        progress, batch = self.batch_progress, self._start.batch
        set_progress(progress.current, batch)
        # An epoch may begin after its last batch, when only the validation is to come.
        progress.is_last_batch = batch == self.trainer.num_training_batches
        # Asked in every epoch: a callback may have begun to accumulate gradients.
        if not supports_steps_per_execution(self.trainer):
            self.steps_per_execution.enabled = False

    def on_run_start(self, data_fetcher: Any) -> None:
        """Place the loaders and the fetcher where this epoch begins."""
        epoch, batch = self.trainer.current_epoch, self._start.batch
        # The samplers make the order of this epoch from its number, and leave out `batch` batches.
        place_loaders(data_fetcher.combined_loader.flattened, epoch, batch)
        # Lightning made an iterator before the loop began. It is of no use when the samplers stand
        # elsewhere by now; otherwise a second one would start the workers twice.
        if epoch > 0 or batch > 0:
            iter(data_fetcher)
        time_fetches(data_fetcher, self._start_wait_timer, self._stop_wait_timer)
        # The fetcher counts batches to know the last one: those left out count, too.
        data_fetcher.fetched += batch
        data_fetcher.done = data_fetcher.length is not None and batch >= data_fetcher.length

    def _start_wait_timer(self) -> None:
        self.seconds_waited -= time.perf_counter()

    def _stop_wait_timer(self) -> None:
        self.seconds_waited += time.perf_counter()

    def advance(self, data_fetcher: Any) -> None:
        """Take one step, or several at once."""
        if self.steps_per_execution.enabled:
            self.steps_per_execution.take(self, data_fetcher)
            return
        started = time.perf_counter()
        seed_step(self.seed, batches_before(self.trainer), self.trainer.global_rank)
        super().advance(data_fetcher)
        if self.steps_per_execution.enabled is None:
            self.steps_per_execution.measure(time.perf_counter() - started)


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
