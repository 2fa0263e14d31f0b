"""When the state of a training is saved and what belongs to it; Ctrl-C saves and ends it."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor
from torchmetrics import Metric

from phytotron.errors import Interrupted, UserError
from phytotron.training import checkpoints
from phytotron.training.callbacks import LossGuard
from phytotron.training.checkpoints import PlainCheckpointIO, write_state
from phytotron.training.epoch_loop import EpochLoop, Position, position, set_position
from phytotron.training.lightning_internals import metric_state, set_metric_state

STATE = "state.ckpt"
# Epochs may be short: saving when they end takes at most this share of the time.
_SHARE_OF_TIME = 0.02
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Checkpointing(Callback):
    """Saves the state of the training at intervals, and when a signal asks it to end.

    It is the `Recorder` of an `EpochLoop`. A state holds all that the rest of the training
    depends on: weights, optimizer, schedules, precision, callbacks, position, and what the metrics
    of each process have gathered so far. Randomness and the order of the data are not part of it:
    they follow from the position.

    A state that cannot be written, as on a full disk, is reported, and training continues: the
    state before it is still there.

    Args:
        folder: for the checkpoints.
        every_n_steps: optimizer steps from one to the next; None: not by steps.
        every_n_seconds: at most this long without one.
        keep: how many stay.
    """

    supports_steps_per_execution = True

    def __init__(
        self, folder: Path, *, every_n_steps: int | None, every_n_seconds: float, keep: int
    ) -> None:
        self.folder = folder
        self.every_n_steps = every_n_steps
        self.every_n_seconds = every_n_seconds
        self.keep = keep
        self.guard = LossGuard(folder)
        self.interrupts = Interrupts()
        self.resumed_from: Path | None = None
        self._place = Position()
        # Of the last checkpoint: optimizer steps, time, and the seconds that it took.
        self._saved_step = 0
        self._saved_at = time.monotonic()
        self._cost = 0.0

    # What the loop tells.

    def epoch_begins(self) -> None:
        self._record(position(self.trainer, batch=0), boundary=True)

    def step_done(self, loss: Tensor) -> None:
        self.guard.see(self.trainer, loss)

    def batch_done(self, batch: int, *, validate: bool) -> None:
        self._record(position(self.trainer, batch=batch, validate=validate), boundary=False)

    def steps_until_due(self) -> int:
        if self.every_n_steps is None:
            return sys.maxsize
        return self.every_n_steps - self.trainer.global_step % self.every_n_steps

    # What Lightning tells.

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.trainer = trainer
        # Each process looks for the newest checkpoint by itself. On nodes with folders of their
        # own they would find different ones, and train different models from then on.
        here = self.resumed_from.name if self.resumed_from else "the beginning"
        first = trainer.strategy.broadcast(here)
        if here != first:
            raise UserError(
                f"process {trainer.global_rank} finds {here} where the first one finds {first}",
                where=str(self.folder),
                hint="all nodes must share this folder",
            )

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.interrupts.install()
        if self.resumed_from:
            # Not in `load_state_dict`: the state there is the first process's, and each process
            # has gathered other values.
            path = self.resumed_from / _rank_file(trainer.global_rank)
            load_metrics(pl_module, torch.load(path, weights_only=True))
        self._saved_step, self._saved_at = trainer.global_step, time.monotonic()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        if isinstance(outputs, Mapping) and "loss" in outputs:
            self.guard.see(trainer, outputs["loss"])

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._record(position(trainer, batch=0), boundary=True)

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.interrupts.uninstall()

    # Both ways between a checkpoint and the trainer. Lightning saves and restores the rest.

    def state_dict(self) -> dict[str, Any]:
        return {"place": self._place.as_dict(), "should_stop": self.trainer.should_stop}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        # Called before the loops are restored. Lightning's way of restarting them is not exact;
        # without this entry it leaves them as they are, and `load_state_dict` below sets them.
        checkpoint.pop("loops")

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        place = Position(**state_dict["place"])
        set_position(self.trainer, place)
        loop = self.trainer.fit_loop.epoch_loop
        assert isinstance(loop, EpochLoop)
        loop.start_at(place)
        self.trainer.should_stop = state_dict["should_stop"]

    def _record(self, place: Position, *, boundary: bool) -> None:
        """Save the state and end the training, where either is due; all processes call this."""
        due, received = self._agreed(self._due(boundary))
        if due or received:
            # A checkpoint after a loss that is not finite would only resume the failure.
            self.guard.check(self.trainer)
            self._place = place
            self._save()
        if received:
            raise Interrupted(
                f"stopped after step {self.trainer.global_step} (epoch {place.epoch}); "
                f"the state is in {self.folder}\nthe same command continues from there",
                received,
            )

    def _due(self, boundary: bool) -> bool:
        step, seconds = self.trainer.global_step, time.monotonic() - self._saved_at
        every = self.every_n_steps
        # Not `step % every`: a task may take several optimizer steps for one batch.
        if every and step // every > self._saved_step // every:
            return True
        if boundary and step > self._saved_step:
            return self._cost <= _SHARE_OF_TIME * seconds
        return seconds >= self.every_n_seconds

    def _agreed(self, due: bool) -> tuple[bool, int]:
        """The same answer in all processes: the first one's, and a signal to any of them.

        Clocks differ, and a signal may reach one process only. Saving waits for all processes, so
        they must agree about it before each batch.
        """
        received = self.interrupts.received or 0
        if self.trainer.world_size == 1:
            return due, received
        answer = torch.tensor(
            [due and self.trainer.is_global_zero, received],
            device=self.trainer.strategy.root_device,
        )
        # The largest of each: only the first process may set the one, and 0 is no signal.
        torch.distributed.all_reduce(answer, torch.distributed.ReduceOp.MAX)
        return bool(answer[0]), int(answer[1])

    def _save(self) -> None:
        """Write a checkpoint, all processes together.

        Three calls below wait for all processes: `broadcast`, `save_checkpoint` and
        `reduce_boolean_decision`. A process that failed and left would leave the others waiting.
        So each one keeps its error, takes part in the calls that are left, and the checkpoint
        counts only if none of them failed. What a failure leaves lies in a folder with the suffix
        `.part`, which never counts as a checkpoint and is removed by the next `checkpoints.start`.
        """
        trainer = self.trainer
        started = time.monotonic()
        error: OSError | None = None
        part: Path | None = None
        # The first process makes the folder. Where it cannot, `part` stays None.
        if trainer.is_global_zero:
            try:
                part = checkpoints.start(self.folder)
            except OSError as failed:
                error = failed
        # All processes learn the folder's name, or that there is none: then they skip the writing
        # together.
        part = trainer.strategy.broadcast(part)
        if part:
            # Lightning gathers weights, optimizers, schedules and callbacks. The first process
            # writes them; with FSDP each process writes its shards. `PlainCheckpointIO` holds back
            # a failed write until all have come here.
            trainer.save_checkpoint(part / STATE, weights_only=False)
            checkpoint_io = trainer.strategy.checkpoint_io
            assert isinstance(checkpoint_io, PlainCheckpointIO)
            error = checkpoint_io.pop_error()
            # What the metrics have gathered differs from process to process: a file of each.
            try:
                states = metric_states(trainer.lightning_module)
                write_state(states, part / _rank_file(trainer.global_rank))
            except OSError as failed:
                error = failed
        # True in all processes only if it is true in each of them.
        written = trainer.strategy.reduce_boolean_decision(error is None and part is not None)
        # With the manifest, the flush and the rename it becomes a checkpoint. Nobody waits here any
        # more: when this fails, the other processes train on, and so does the first one.
        if trainer.is_global_zero and written and part:
            try:
                checkpoints.finish(part, self._facts(), self.keep)
            except OSError as failed:
                error = failed
        if error:
            print(f"checkpoint not saved, training continues: {error}", file=sys.stderr, flush=True)
        # Set after a failure, too: the next attempt waits for its turn.
        now = time.monotonic()
        self._saved_step, self._saved_at, self._cost = trainer.global_step, now, now - started

    def _facts(self) -> dict[str, Any]:
        return {
            "step": self.trainer.global_step,
            "epoch": self._place.epoch,
            "batch": self._place.batch,
            "processes": self.trainer.world_size,
        }


def metric_states(module: torch.nn.Module) -> dict[str, dict[str, Any]]:
    """What the metrics of a task have gathered in this process, by the metric's name."""
    return {
        name: metric_state(metric)
        for name, metric in module.named_modules()
        if isinstance(metric, Metric)
    }


def load_metrics(module: torch.nn.Module, states: Mapping[str, dict[str, Any]]) -> None:
    """Give the metrics of a task back what they had gathered."""
    for name, metric in module.named_modules():
        if isinstance(metric, Metric):
            set_metric_state(metric, states[name])


def _rank_file(rank: int) -> str:
    return f"process-{rank}.pt"


class Interrupts:
    """Notes the first signal; a second one has its ordinary effect, and ends the process.

    Attributes:
        received: the number of the signal, or None.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._before: dict[int, Any] = {}

    def install(self) -> None:
        # Python allows handlers in the main thread only.
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}

    def uninstall(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def _note(self, number: int, frame: FrameType | None) -> None:
        # The loop looks at `received` between two batches, and saves before it ends the training.
        self.received = number
        for other in _SIGNALS:
            signal.signal(other, signal.SIG_DFL)
        if os.environ.get("LOCAL_RANK", "0") == "0":
            print("finishing this step; a second signal ends at once", file=sys.stderr, flush=True)
