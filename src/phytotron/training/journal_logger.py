"""What a network's training writes to its journal.

    callbacks = [..., Throughput(every=50)]
    trainer = pl.Trainer(callbacks=callbacks, logger=JournalLogger(current_journal()))

`current_journal` is of `phytotron.watch`; where no training is watched it gives None, and nothing
is written. All steps are updates of the weights so far.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger
from torch import Tensor

from phytotron.journal import Journal
from phytotron.training.loss_guard import learning_rate


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
        """Nothing: the journal's start has the whole config."""

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        if self.journal is None:
            return
        # Lightning counts a step only after its validation: there `step` would be one behind.
        if self.trainer is not None:
            if not self.trainer.is_global_zero:
                return
            step = self.trainer.global_step
        self.journal.metrics(step or 0, metrics)


class Throughput(Callback):
    """Logs every N updates how training goes and what it waits for, as means since the last time.

    - `train_loss_step`: the loss of the last batch (under DDP: of the first process).
    - `learning_rate`.
    - `samples_per_second`: of all processes, validation left out.
    - `step_seconds`: from batch to batch; `data_seconds`: the part that went into waiting for it.

    A step that does not log reads the clock twice and nothing from the device.

    Args:
        every: updates between two entries.
    """

    def __init__(self, every: int = 50) -> None:
        self.every = every
        self._last_logged = -1

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        for logger in trainer.loggers:
            if isinstance(logger, JournalLogger):
                logger.trainer = trainer

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._clear()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._ended = time.perf_counter()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._ended = time.perf_counter()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._started = time.perf_counter()
        self._waited += self._started - self._ended

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        self._ended = time.perf_counter()
        self._busy += self._ended - self._started
        self._batches += 1
        self._samples += batch_size(batch)
        step = trainer.global_step
        if step % self.every or step == self._last_logged:
            return
        # Waits for the device: only now is the time of the last steps known.
        loss = outputs.get("loss") if isinstance(outputs, Mapping) else None
        if loss is not None:
            loss = float(loss)
        self._busy += time.perf_counter() - self._ended
        seconds = self._waited + self._busy
        values = {
            "learning_rate": learning_rate(trainer),
            "samples_per_second": self._samples * trainer.world_size / seconds,
            "step_seconds": seconds / self._batches,
            "data_seconds": self._waited / self._batches,
        }
        if loss is not None:  # a task that optimises by hand may return none
            values["train_loss_step"] = loss
        for logger in trainer.loggers:
            logger.log_metrics(values, step)
        self._last_logged = step
        self._clear()

    def _clear(self) -> None:
        self._waited = self._busy = 0.0
        self._batches = self._samples = 0
        self._ended = time.perf_counter()


def batch_size(batch: Any) -> int:
    """How many samples a batch has: the length of its first tensor; 0 if there is none."""
    while not isinstance(batch, Tensor):
        if not batch or not isinstance(batch, Mapping | list | tuple):
            return 0
        batch = next(iter(batch.values())) if isinstance(batch, Mapping) else batch[0]
    return len(batch) if batch.ndim else 1
