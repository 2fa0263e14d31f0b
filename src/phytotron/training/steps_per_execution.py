"""Several optimizer steps at once, for steps that are shorter than the bookkeeping around them.

Around each step Lightning calls hooks, profiles and logs, which takes 0.3 to 0.4 ms: nothing beside
a large step, and most of the time beside a small one. `StepsPerExecution` measures the first steps.
Where they are small and no callback uses the hooks in between, it takes the steps up to the next
one at which something is logged, saved or validated, with only what changes weights and counters.
The weights are bit for bit the same. (Keras calls this `steps_per_execution`.)
"""

from __future__ import annotations

import statistics
import sys
from typing import Any, Protocol

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.core.hooks import DataHooks
from pytorch_lightning.plugins.precision import MixedPrecision, Precision
from pytorch_lightning.profilers import PassThroughProfiler
from pytorch_lightning.strategies import SingleDeviceStrategy
from pytorch_lightning.utilities.model_helpers import is_overridden
from torch import Tensor

from phytotron.training import lightning_internals as internals
from phytotron.training.lightning_internals import LightningEpochLoop, UncheckedTrainer
from phytotron.training.reproducibility import seed_step

# Lightning's own cost of a step is about 0.4 ms; above this it does not matter.
SMALL_STEP_SECONDS = 0.02
# Ordinary steps before the choice; the first half of them warms up.
_TRIALS = 16
# A signal, or a checkpoint that is due by the clock, waits for the steps under way: this long.
_LONGEST_EXECUTION_SECONDS = 1.0


class StepRecorder(Protocol):
    """Is notified of the steps at whose end no callback is called."""

    def step_done(self, loss: Tensor) -> None:
        """A step has been taken that is not the last one of its execution."""

    def steps_until_due(self) -> int:
        """Optimizer steps after which an execution must end at the latest."""


class StepsPerExecution:
    """Chooses between single steps and several at once, and takes the latter.

    Args:
        seed: of the randomness of each step.
        recorder: is notified of the steps.

    Attributes:
        enabled: whether several steps are taken at once; None while that is still measured.
    """

    def __init__(self, seed: int, recorder: StepRecorder) -> None:
        self.seed = seed
        self.recorder = recorder
        self.enabled: bool | None = None
        self._longest = sys.maxsize
        self._seconds: list[float] = []

    def measure(self, seconds: float) -> None:
        """Take note of how long an ordinary step took; after enough of them, choose."""
        self._seconds.append(seconds)
        if len(self._seconds) == _TRIALS:
            typical = statistics.median(self._seconds[_TRIALS // 2 :])
            self.enabled = typical < SMALL_STEP_SECONDS
            self._longest = max(1, int(_LONGEST_EXECUTION_SECONDS / typical))

    def take(self, loop: LightningEpochLoop, data_fetcher: Any) -> None:
        """Take the steps up to the next one at which anything else happens.

        This is `advance` of Lightning's loop, several times in a row, without the hooks that
        `supports_steps_per_execution` has found unused. Callbacks hear of the start of the first
        step and the end of the last one. The order of the statements is Lightning's: logging and
        counters look at each other.
        """
        # What is the same for all steps of an execution is looked up once.
        trainer: UncheckedTrainer = loop.trainer
        module = trainer.lightning_module
        precision, optimizer = trainer.precision_plugin, trainer.optimizers[0]
        # Schedules that follow a metric step after validations, outside of an execution.
        schedulers = [c for c in trainer.lr_scheduler_configs if not c.reduce_on_plateau]
        transfers, clips = _transfers_batches(trainer), _clips_gradients(trainer)
        updates = loop.automatic_optimization.optim_progress.optimizer.step
        before, steps = batches_before(trainer), self._steps(loop)

        with internals.inside_training_step(module):
            for number in range(steps):
                # `next` may raise StopIteration, which ends the epoch, only before the first step:
                # `_steps` never goes beyond the batches of the epoch.
                batch, _, _ = next(data_fetcher)
                index = loop.batch_idx + 1
                if transfers:
                    batch = internals.transfer_batch(trainer, batch)
                # The fetcher is done when it has given out the last batch.
                loop.batch_progress.is_last_batch = data_fetcher.done
                loop.batch_progress.increment_ready()
                internals.logging_starts_batch(trainer, batch)
                if number == 0:
                    internals.call_callbacks(trainer, "on_train_batch_start", batch, index)
                loop.batch_progress.increment_started()

                # The same randomness as if this step were taken by itself. One device: rank 0.
                seed_step(self.seed, before + number, rank=0)
                with precision.train_step_context():  # autocast, with mixed precision
                    output = module.training_step(batch, index)
                loss = output if isinstance(output, Tensor) else output["loss"]
                # Lightning zeroes gradients between forward and backward, too.
                optimizer.zero_grad()
                loss.backward()
                if clips:
                    module.configure_gradient_clipping(
                        optimizer, trainer.gradient_clip_val, trainer.gradient_clip_algorithm
                    )
                # `trainer.global_step` is the number of completed updates.
                updates.increment_ready()
                optimizer.step()
                updates.increment_completed()
                loop.batch_progress.increment_processed()
                for config in schedulers:
                    if config.interval == "step" and (index + 1) % config.frequency == 0:
                        config.scheduler.step()
                # Of the last step, `on_train_batch_end` and the loop's `on_advance_end` do this.
                if number < steps - 1:
                    self.recorder.step_done(loss)
                    loop.batch_progress.increment_completed()
                    loop.logged_steps += 1

        if loop.is_after_last_batch:
            loop.update_lr_schedulers("epoch", update_plateau_schedulers=False)
        # The form of an output that Lightning gives to callbacks.
        outputs = {"loss": loss.detach()}
        internals.call_callbacks(trainer, "on_train_batch_end", outputs, batch, index)
        internals.logging_ends_batch(trainer)
        loop.batch_progress.increment_completed()
        internals.log_step_metrics(trainer)

    def _steps(self, loop: LightningEpochLoop) -> int:
        """Steps up to the next one at which something is logged, saved, validated or ends."""
        trainer: UncheckedTrainer = loop.trainer
        done = loop.batch_idx + 1
        limits = [
            self._longest,
            int(trainer.num_training_batches) - done,
            trainer.log_every_n_steps - loop.logged_steps % trainer.log_every_n_steps,
            self.recorder.steps_until_due(),
        ]
        if trainer.enable_validation and trainer.val_check_batch != float("inf"):
            # Without an interval in epochs, the batches of all epochs count.
            every = int(trainer.val_check_batch)
            total = loop.total_batch_idx + 1
            limits.append(every - (done if trainer.check_val_every_n_epoch else total) % every)
        if trainer.max_steps != -1:
            limits.append(trainer.max_steps - trainer.global_step)
        return max(1, min(limits))


def batches_before(trainer: pl.Trainer) -> int:
    """Batches of this training before the next one, as if it had never been interrupted."""
    batch = trainer.fit_loop.epoch_loop.batch_idx + 1
    return trainer.current_epoch * int(trainer.num_training_batches) + batch


# Hooks of a task that an execution of several steps leaves out.
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
# Hooks of a callback that it leaves out, and those that it calls once for all steps.
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


def supports_steps_per_execution(trainer: UncheckedTrainer) -> bool:
    """Whether the loop may take several steps at once without anyone missing a hook.

    A callback that needs to hear only of the first step's start and the last step's end says so
    with the class attribute `supports_steps_per_execution = True`.
    """
    module = trainer.lightning_module
    precision = trainer.precision_plugin
    return (
        # One device, and nothing wrapped around the task: no gradients are exchanged.
        type(trainer.strategy) is SingleDeviceStrategy
        and not _is_wrapped(module, trainer)
        # Full precision or bfloat16; a gradient scaler may leave out an update.
        and (
            type(precision) is Precision
            or (isinstance(precision, MixedPrecision) and precision.scaler is None)
        )
        # Every batch is an update, and it is known when the next one is logged and the epoch ends.
        and trainer.accumulate_grad_batches == 1
        and trainer.log_every_n_steps > 0
        and trainer.num_training_batches != float("inf")
        and isinstance(trainer.profiler, PassThroughProfiler)
        # One ordinary optimizer; LBFGS calls the loss several times in a step.
        and module.automatic_optimization
        and len(trainer.optimizers) == 1
        and not isinstance(trainer.optimizers[0], torch.optim.LBFGS)
        and not any(is_overridden(hook, module) for hook in _TASK_HOOKS)
        and not any(_misses_a_hook(callback) for callback in trainer.callbacks)
    )


def _is_wrapped(module: pl.LightningModule, trainer: UncheckedTrainer) -> bool:
    return trainer.strategy.model is not module


def _misses_a_hook(callback: Callback) -> bool:
    supports = getattr(callback, "supports_steps_per_execution", False)
    left_out = _CALLBACK_HOOKS + (() if supports else _BATCH_HOOKS)
    return any(is_overridden(hook, callback, parent=Callback) for hook in left_out)


def _transfers_batches(trainer: UncheckedTrainer) -> bool:
    """Whether anything happens to a batch between the loader and the step."""
    return trainer.strategy.root_device.type != "cpu" or any(
        is_overridden(hook, owner, parent=DataHooks)
        for hook in _BATCH_TRANSFER_HOOKS
        for owner in (trainer.lightning_module, trainer.datamodule)
        if owner is not None
    )


def _clips_gradients(trainer: UncheckedTrainer) -> bool:
    """Whether anything happens to the gradients before the update."""
    return trainer.gradient_clip_val is not None or is_overridden(
        "configure_gradient_clipping", trainer.lightning_module
    )
