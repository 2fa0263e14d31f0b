"""What the training of a network writes to its journal.

    callbacks = [..., Throughput()]
    trainer = pl.Trainer(callbacks=callbacks, logger=JournalLogger(current_journal()))

`phytotron.tracking.watch.current_journal` gives None where no training is watched; then nothing is
written. A step is the number of updates of the weights so far.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger
from torch import Tensor

from phytotron.tracking.journal import Journal
from phytotron.training.callbacks import learning_rate
from phytotron.training.epoch_loop import EpochLoop
from phytotron.training.lightning_internals import UncheckedTrainer


class JournalLogger(Logger):
    """Writes what a `LightningModule` logs to the journal, in the first process only.

    Args:
        journal: where to; None writes nothing.
    """

    def __init__(self, journal: Journal | None) -> None:
        self.journal = journal
        self.trainer: pl.Trainer | None = None  # known from `Throughput.setup` on

    @property
    def name(self) -> str:
        return "journal"

    @property
    def version(self) -> str:
        return ""

    def log_hyperparams(self, *args: Any, **kwargs: Any) -> None:
        """Does nothing: the journal's first record has the whole config."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        if self.journal is None:
            return
        # Lightning counts a step only after the validation that follows it. The metrics of that
        # validation would get a step too few.
        if self.trainer is not None:
            if not self.trainer.is_global_zero:
                return
            step = self.trainer.global_step
        self.journal.metrics(step or 0, metrics)


class Throughput(Callback):
    """Logs loss, learning rate and speed every `log_every_n_steps` updates.

    - `train_loss_step`: the loss of the last batch (with DDP: of the first process).
    - `learning_rate`.
    - `samples_per_second`: of all processes, without validations.
    - `step_seconds`: from batch to batch; `data_seconds`: the part spent waiting for the data.

    Speeds are means since the last time. The trainer's loop must be an `EpochLoop`.
    """

    supports_steps_per_execution = True

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        for logger in trainer.loggers:
            if isinstance(logger, JournalLogger):
                logger.trainer = trainer

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._last_logged = trainer.global_step
        self._mark(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._paused = time.perf_counter()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # As if the interval had begun later: the time of the validation does not count.
        self._since += time.perf_counter() - self._paused

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        step = trainer.global_step
        unchecked: UncheckedTrainer = trainer
        if step % unchecked.log_every_n_steps or step == self._last_logged:
            return
        values = {"learning_rate": learning_rate(trainer)}
        if isinstance(outputs, Mapping) and "loss" in outputs:
            # `float` waits until an accelerator has finished the steps: it must precede the clock.
            values["train_loss_step"] = float(outputs["loss"])
        loop = self._loop(trainer)
        batches = loop.total_batch_idx + 1 - self._batches
        seconds = time.perf_counter() - self._since
        samples = batches * batch_size(batch) * trainer.world_size
        values |= {
            "samples_per_second": samples / seconds,
            "step_seconds": seconds / batches,
            "data_seconds": (loop.seconds_waited - self._waited) / batches,
        }
        for logger in trainer.loggers:
            logger.log_metrics(values, step)
        self._last_logged = step
        self._mark(trainer)

    def _loop(self, trainer: pl.Trainer) -> EpochLoop:
        loop = trainer.fit_loop.epoch_loop
        assert isinstance(loop, EpochLoop)
        return loop

    def _mark(self, trainer: pl.Trainer) -> None:
        loop = self._loop(trainer)
        self._batches, self._waited = loop.total_batch_idx + 1, loop.seconds_waited
        self._since = time.perf_counter()


def batch_size(batch: Any) -> int:
    """The number of samples in a batch: the length of its first tensor; 0 if it has none."""
    while not isinstance(batch, Tensor):
        if not batch or not isinstance(batch, Mapping | list | tuple):
            return 0
        batch = next(iter(batch.values())) if isinstance(batch, Mapping) else batch[0]
    return len(batch) if batch.ndim else 1
