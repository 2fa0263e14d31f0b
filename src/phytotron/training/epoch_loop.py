"""Lightning's loop over the batches of an epoch, made exact, interruptible and light.

Three things differ from the loop that it extends:

- it can start behind any batch, because the order of the data and the randomness of a step are
  pure functions of where training stands; nothing of Lightning's own restarting is used;
- after each batch it lets a `Recorder` write down the state of the training, or end it;
- when a step takes less time than Lightning needs for the bookkeeping around it, the loop takes
  several steps at once, up to the next one at which something is logged, saved or validated. The
  weights are bit for bit the same.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.core.hooks import DataHooks
from pytorch_lightning.loops import _TrainingEpochLoop
from pytorch_lightning.plugins.precision import MixedPrecision, Precision
from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.strategies import SingleDeviceStrategy
from pytorch_lightning.trainer import call
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor

from phytotron.training.position import Position
from phytotron.training.reproducibility import seed_step

# Lightning's own cost of a step is about 0.4 ms; above this it does not matter.
SMALL_STEP_SECONDS = 0.02
_TRIALS = 16  # ordinary steps before the choice, the first half of them to warm up
_TOGETHER_SECONDS = 1.0  # so soon after a signal or the time for a checkpoint the loop looks up


class Recorder(Protocol):
    """What the loop tells about its progress."""

    def epoch_begins(self) -> None:
        """No batch of the present epoch has been trained yet."""

    def step_done(self, loss: Tensor) -> None:
        """A step has been taken whose end callbacks do not hear of."""

    def batch_done(self, batch: int, *, validate: bool) -> None:
        """The weights stand behind batch `batch` (from 1); is a validation due next?"""

    def steps_until_due(self) -> int:
        """Optimizer steps after which `batch_done` must be called at the latest."""


class EpochLoop(_TrainingEpochLoop):
    """See the module.

    Args:
        trainer: whose loop this becomes.
        seed: of the randomness of each step.
        recorder: what writes down the state.

    Attributes:
        lean: whether several steps are taken at once; None while that is still measured.
        waited: seconds in which the loop waited for batches.
    """

    def __init__(self, trainer: pl.Trainer, seed: int, recorder: Recorder) -> None:
        replaced = trainer.fit_loop.epoch_loop
        super().__init__(trainer, replaced.min_steps, replaced.max_steps)
        self.seed = seed
        self.recorder = recorder
        self.lean: bool | None = None
        self.waited = 0.0
        self._most_together = sys.maxsize
        self._seconds: list[float] = []
        self._start = Position()

    def start_at(self, place: Position) -> None:
        """Begin the first epoch behind a batch of it."""
        self._start = place

    def run(self, data_fetcher: Any) -> None:
        start = self._start
        self.reset()
        self.on_run_start(data_fetcher)
        self._start = Position()
        if start.validate:
            self.on_advance_end(data_fetcher)
        elif start.batch == 0:
            self.recorder.epoch_begins()
        while not self.done:
            try:
                self.advance(data_fetcher)
                # With gradients half accumulated there would be nothing to come back to.
                whole = not self._should_accumulate()
                if whole and self._should_check_val_fx(data_fetcher):
                    self.recorder.batch_done(self.batch_idx + 1, validate=True)
                self.on_advance_end(data_fetcher)
                if whole and not self._num_ready_batches_reached():
                    self.recorder.batch_done(self.batch_idx + 1, validate=False)
            except StopIteration:
                break

    def reset(self) -> None:
        super().reset()
        progress, batch = self.batch_progress, self._start.batch
        current = progress.current
        current.ready = current.started = current.processed = current.completed = batch
        progress.is_last_batch = batch == self.trainer.num_training_batches
        if not can_be_lean(self.trainer):  # a callback may have begun to accumulate gradients
            self.lean = False

    def on_run_start(self, data_fetcher: Any) -> None:
        epoch, batch = self.trainer.current_epoch, self._start.batch
        place_loaders(data_fetcher.combined_loader.flattened, epoch, batch)
        if epoch > 0 or batch > 0:  # otherwise the iterator is fresh
            iter(data_fetcher)
        data_fetcher._start_profiler, data_fetcher._stop_profiler = self._waits, self._goes_on
        data_fetcher.fetched += batch
        data_fetcher.done = data_fetcher.length is not None and batch >= data_fetcher.length

    def _waits(self) -> None:
        self.waited -= time.perf_counter()

    def _goes_on(self) -> None:
        self.waited += time.perf_counter()

    def advance(self, data_fetcher: Any) -> None:
        if self.lean:
            self._take_steps(data_fetcher)
            return
        started = time.perf_counter()
        seed_step(self.seed, self._batches_before(), self.trainer.global_rank)
        super().advance(data_fetcher)
        if self.lean is None:
            self._seconds.append(time.perf_counter() - started)
            if len(self._seconds) == _TRIALS:
                typical = statistics.median(self._seconds[_TRIALS // 2 :])
                self.lean = typical < SMALL_STEP_SECONDS
                self._most_together = max(1, int(_TOGETHER_SECONDS / typical))

    def _take_steps(self, data_fetcher: Any) -> None:
        """Take the steps up to the next one at which anything else happens.

        Does what Lightning does for a task and callbacks that pass `can_be_lean`. Callbacks hear
        of the first step's start and the last step's end.
        """
        trainer, module = self.trainer, self.trainer.lightning_module
        precision, optimizer = trainer.precision_plugin, trainer.optimizers[0]
        schedulers = [c for c in trainer.lr_scheduler_configs if not c.reduce_on_plateau]
        moves, clips = moves_batches(trainer), clips_gradients(trainer)
        updates = self.automatic_optimization.optim_progress.optimizer.step
        before, steps = self._batches_before(), self._steps_together()
        module._current_fx_name = "training_step"  # `self.log` asks where it is called

        for number in range(steps):
            batch, _, _ = next(data_fetcher)
            index = self.batch_idx + 1
            if moves:
                batch = module._on_before_batch_transfer(batch, dataloader_idx=0)
                batch = trainer.strategy.batch_to_device(batch, dataloader_idx=0)
            self.batch_progress.is_last_batch = data_fetcher.done
            self.batch_progress.increment_ready()
            trainer._logger_connector.on_batch_start(batch)
            if number == 0:
                call._call_callback_hooks(trainer, "on_train_batch_start", batch, index)
            self.batch_progress.increment_started()

            seed_step(self.seed, before + number, rank=0)
            with precision.train_step_context():
                output = module.training_step(batch, index)
            loss = output if isinstance(output, Tensor) else output["loss"]
            optimizer.zero_grad()
            loss.backward()
            if clips:
                module.configure_gradient_clipping(
                    optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm
                )
            updates.increment_ready()
            optimizer.step()
            updates.increment_completed()
            self.batch_progress.increment_processed()
            for config in schedulers:
                if config.interval == "step" and (index + 1) % config.frequency == 0:
                    config.scheduler.step()
            if number < steps - 1:
                self.recorder.step_done(loss)
                self.batch_progress.increment_completed()
                self._batches_that_stepped += 1

        module._current_fx_name = None
        if self._num_ready_batches_reached():
            self.update_lr_schedulers("epoch", update_plateau_schedulers=False)
        outputs = {"loss": loss.detach()}
        call._call_callback_hooks(trainer, "on_train_batch_end", outputs, batch, index)
        trainer._logger_connector.on_batch_end()
        self.batch_progress.increment_completed()
        trainer._logger_connector.update_train_step_metrics()

    def _batches_before(self) -> int:
        """Batches of this run before the next one, as if it had never been interrupted."""
        trainer = self.trainer
        return trainer.current_epoch * int(trainer.num_training_batches) + self.batch_idx + 1

    def _steps_together(self) -> int:
        """Steps up to the next one at which something is logged, saved, validated or ends."""
        trainer, done = self.trainer, self.batch_idx + 1
        limits = [
            self._most_together,
            int(trainer.num_training_batches) - done,
            trainer.log_every_n_steps - self._batches_that_stepped % trainer.log_every_n_steps,
            self.recorder.steps_until_due(),
        ]
        if trainer.enable_validation and trainer.val_check_batch != float("inf"):
            every = int(trainer.val_check_batch)
            total = self.total_batch_idx + 1
            limits.append(every - (done if trainer.check_val_every_n_epoch else total) % every)
        if trainer.max_steps != -1:
            limits.append(trainer.max_steps - trainer.global_step)
        return max(1, min(limits))


# Hooks of a task that the lean steps leave out.
_TASK_HOOKS = (
    "on_train_batch_start",
    "on_train_batch_end",
    "on_before_zero_grad",
    "optimizer_zero_grad",
    "on_before_backward",
    "backward",
    "on_after_backward",
    "on_before_optimizer_step",
    "optimizer_step",
    "lr_scheduler_step",
)
# Hooks of a callback that the lean steps leave out, and those that they call once for all steps.
_CALLBACK_HOOKS = (
    "on_before_zero_grad",
    "on_before_backward",
    "on_after_backward",
    "on_before_optimizer_step",
)
_BATCH_HOOKS = ("on_train_batch_start", "on_train_batch_end")
_BATCH_TRANSFER_HOOKS = (
    "on_before_batch_transfer",
    "transfer_batch_to_device",
    "on_after_batch_transfer",
)


def can_be_lean(trainer: pl.Trainer) -> bool:
    """Whether the loop may take several steps at once without anyone missing a hook.

    A callback that is content to hear of the first step's start and the last step's end says so
    with the class attribute `lean = True`.
    """
    module = trainer.lightning_module
    precision = trainer.precision_plugin
    return (
        type(trainer.strategy) is SingleDeviceStrategy
        and trainer.strategy.model is module
        and (
            type(precision) is Precision
            or (isinstance(precision, MixedPrecision) and precision.scaler is None)
        )
        and trainer.accumulate_grad_batches == 1
        and trainer.log_every_n_steps > 0
        and trainer.num_training_batches != float("inf")
        and isinstance(trainer.profiler, PassThroughProfiler)
        and module.automatic_optimization
        and len(trainer.optimizers) == 1
        and not isinstance(trainer.optimizers[0], torch.optim.LBFGS)
        and not any(is_overridden(hook, module) for hook in _TASK_HOOKS)
        and not any(_misses_a_hook(callback) for callback in trainer.callbacks)
    )


def _misses_a_hook(callback: Callback) -> bool:
    left_out = _CALLBACK_HOOKS + (() if getattr(callback, "lean", False) else _BATCH_HOOKS)
    return any(is_overridden(hook, callback, parent=Callback) for hook in left_out)


def moves_batches(trainer: pl.Trainer) -> bool:
    """Whether anything happens to a batch between the loader and the step."""
    return trainer.strategy.root_device.type != "cpu" or any(
        is_overridden(hook, owner, parent=DataHooks)
        for hook in _BATCH_TRANSFER_HOOKS
        for owner in (trainer.lightning_module, trainer.datamodule)
        if owner is not None
    )


def clips_gradients(trainer: pl.Trainer) -> bool:
    """Whether anything happens to the gradients before the update."""
    return trainer.gradient_clip_val is not None or is_overridden(
        "configure_gradient_clipping", trainer.lightning_module
    )


def place_loaders(loaders: list[Any], epoch: int, batch: int) -> None:
    """Let the next iterator of each loader begin behind a batch of an epoch."""
    for loader in loaders:
        parts = (loader, getattr(loader, "sampler", None), getattr(loader, "batch_sampler", None))
        movable = [part for part in parts if hasattr(part, "start_at")]
        if not movable and batch > 0:
            raise TypeError(
                f"neither {type(loader).__name__} nor its sampler has a method "
                "start_at(epoch, batch): training cannot be continued in the middle of an epoch"
            )
        for part in movable:
            part.start_at(epoch, batch)
