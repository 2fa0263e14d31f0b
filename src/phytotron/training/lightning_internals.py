"""Every private name of Lightning and TorchMetrics that Phytotron uses, in this one module.

Lightning has no public way to start an epoch after some of its batches, or to take optimizer steps
without the bookkeeping around each of them. What is needed for that is wrapped here under public
names; each wrapper says what it is for and what would break without it.

`pyproject.toml` keeps Lightning below its next minor version. `tests/training/
test_lightning_internals.py` lists the names, fails when the installed version lacks one of them,
and when another module uses a private name of Lightning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.loops import _TrainingEpochLoop
from pytorch_lightning.plugins.precision import Precision
from pytorch_lightning.strategies import ModelParallelStrategy
from pytorch_lightning.trainer import call
from torch.optim import Optimizer
from torchmetrics import Metric

# A `pl.Trainer` of which mypy does not ask whether an attribute is declared: connectors set many
# that are not, such as `log_every_n_steps`.
UncheckedTrainer = Any


# `_TrainingEpochLoop`: Lightning lets a trainer's `fit_loop.epoch_loop` be replaced, but names no
# class to derive the replacement from. Without it there is no exact resume.
class LightningEpochLoop(_TrainingEpochLoop):
    """Lightning's loop over the batches of an epoch, with public names for what is extended."""

    @property
    def is_accumulating(self) -> bool:
        """Whether the gradients of the last batch wait for those of the next one.

        Without `_should_accumulate` a checkpoint could fall between two batches of one update, and
        the gradients of the first one would be lost.
        """
        return self._should_accumulate()

    def validation_is_due(self, data_fetcher: Any) -> bool:
        """Whether `on_advance_end` is about to validate.

        Without `_should_check_val_fx` the state could not be saved before a validation, which may
        take much longer than what may be lost.
        """
        return self._should_check_val_fx(data_fetcher)

    @property
    def is_after_last_batch(self) -> bool:
        """Whether the epoch has no batch left.

        Without `_num_ready_batches_reached` schedulers with `interval: epoch` would not step, and
        the end of an epoch would be saved before its callbacks have run.
        """
        return self._num_ready_batches_reached()

    @property
    def logged_steps(self) -> int:
        """Optimizer steps as Lightning counts them for `log_every_n_steps`.

        `_batches_that_stepped` is part of a training's position: a resumed training that began at
        zero would log at other steps than an undisturbed one.
        """
        return self._batches_that_stepped

    @logged_steps.setter
    def logged_steps(self, steps: int) -> None:
        self._batches_that_stepped = steps


def epoch_loop(trainer: pl.Trainer) -> LightningEpochLoop:
    """The trainer's loop over the batches of an epoch, which must be one of ours."""
    loop = trainer.fit_loop.epoch_loop
    assert isinstance(loop, LightningEpochLoop)
    return loop


def finished_epochs(trainer: pl.Trainer) -> int:
    """Epochs whose batches have all been trained."""
    progress: Any = trainer.fit_loop.epoch_progress.current
    return int(progress.processed)


def set_progress(progress: Any, count: int) -> None:
    """Set one of Lightning's counters.

    Lightning counts a batch, an epoch or an update when it is ready, started, processed and
    completed; not all counters have all four. Between two batches they are equal.
    """
    for name in ("ready", "started", "processed", "completed"):
        if hasattr(progress, name):
            setattr(progress, name, count)


def time_fetches(data_fetcher: Any, start: Callable[[], None], stop: Callable[[], None]) -> None:
    """Call `start` before a batch is asked for and `stop` when it is there.

    `_start_profiler` and `_stop_profiler` are where Lightning's profiler listens. Without them
    nobody knows how long training waits for data (`data_seconds`).
    """
    data_fetcher._start_profiler = start
    data_fetcher._stop_profiler = stop


def transfer_batch(trainer: pl.Trainer, batch: Any) -> Any:
    """Pass a batch through the batch hooks of task and data module, and to the device.

    Without `_on_before_batch_transfer` an augmentation that is written as a hook would be left out
    of steps that are taken several at once.
    """
    batch = trainer.lightning_module._on_before_batch_transfer(batch, dataloader_idx=0)
    return trainer.strategy.batch_to_device(batch, dataloader_idx=0)


@contextmanager
def inside_training_step(module: pl.LightningModule) -> Iterator[None]:
    """Let `module.log` in this block know that it is called from `training_step`.

    Without `_current_fx_name` it refuses: it asks which hook called it.
    """
    module._current_fx_name = "training_step"
    yield
    module._current_fx_name = None


def call_callbacks(trainer: pl.Trainer, hook: str, *arguments: Any) -> None:
    """Call a hook of all callbacks, as Lightning does.

    Without `_call_callback_hooks` no callback would hear of steps that are taken several at once.
    """
    call._call_callback_hooks(trainer, hook, *arguments)


# `_logger_connector` gathers what a task logs. It takes the size of a batch from the batch itself
# and writes every `log_every_n_steps`. Without these three calls, `self.log` in steps that are
# taken several at once would average wrongly, and not reach the loggers.


def logging_starts_batch(trainer: pl.Trainer, batch: Any) -> None:
    """Tell the gathering of logged values which batch they belong to."""
    trainer._logger_connector.on_batch_start(batch)


def logging_ends_batch(trainer: pl.Trainer) -> None:
    """Move the values of the last batch to `trainer.callback_metrics`."""
    trainer._logger_connector.on_batch_end()


def log_step_metrics(trainer: pl.Trainer) -> None:
    """Pass the values of this step to the loggers, if it is one at which they are logged."""
    trainer._logger_connector.update_train_step_metrics()


def after_backward(precision: Precision, module: pl.LightningModule, optimizer: Optimizer) -> None:
    """What a precision plugin does between the backward pass and the update.

    Without `_after_closure`, float16 with a gradient scaler would train with unclipped gradients,
    and `on_before_optimizer_step` would not be called.
    """
    precision._after_closure(module, optimizer)


def set_data_parallel_size(strategy: ModelParallelStrategy, processes: int) -> None:
    """Over how many processes the weights are sharded.

    The constructor takes it as well, but the number of processes is known only when the strategy
    is set up. Without `_data_parallel_size` Lightning would take the number of nodes: one shard.
    """
    strategy._data_parallel_size = processes


def metric_state(metric: Metric) -> dict[str, Any]:
    """What a metric has gathered in this process, for a checkpoint.

    Without `_update_count` a resumed metric would warn that it was never updated, and a mean over
    updates would be wrong.
    """
    return {"state": dict(metric.metric_state), "updates": metric._update_count}


def set_metric_state(metric: Metric, state: dict[str, Any]) -> None:
    """Give a metric back what `metric_state` took from it; tensors go to the metric's device.

    `_computed` caches the last result. Without clearing it, the metric would answer with that of
    the time before.
    """
    for name, value in state["state"].items():
        moved = (
            [item.to(metric.device) for item in value]
            if isinstance(value, list)
            else value.to(metric.device)
        )
        setattr(metric, name, moved)
    metric._update_count = state["updates"]
    metric._computed = None
