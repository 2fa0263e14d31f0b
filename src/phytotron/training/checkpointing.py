"""When the state of a training is saved, and what belongs to it."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.plugins import CheckpointIO
from torch import Tensor
from torch.distributed.checkpoint import CheckpointException
from torchmetrics import Metric

from phytotron.errors import Interrupted, UserError
from phytotron.training import checkpoints
from phytotron.training.epoch_loop import EpochLoop
from phytotron.training.interrupts import Interrupts
from phytotron.training.loss_guard import LossGuard
from phytotron.training.position import Position, position, set_position

STATE = "state.ckpt"
# Epochs may be short: saving at their ends takes at most this share of the time.
_SHARE = 0.02


class Checkpointing(Callback):
    """Saves the state of the training, every so often and when a signal asks it to end.

    It is the `Recorder` of an `EpochLoop`. A state holds all that the rest of the training
    depends on: weights, optimizer, schedules, precision, callbacks, where it stands, and what the
    metrics of each process have gathered so far. Randomness and the order of the data are not in
    it: they follow from where it stands.

    A state that cannot be written, as on a full disk, is reported, and training goes on: the
    state before it is still there.

    Args:
        folder: for the checkpoints.
        every_n_steps: optimizer steps from one to the next; None: not by steps.
        every_n_seconds: at most this long without one.
        keep: how many stay.
    """

    lean = True

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
        self._steps = 0  # when last saved
        self._moment = time.monotonic()
        self._cost = 0.0  # seconds that the last one took

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
            path = self.resumed_from / _rank_file(trainer.global_rank)
            load_metrics(pl_module, torch.load(path, weights_only=True))
        self._steps, self._moment = trainer.global_step, time.monotonic()

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

    def state_dict(self) -> dict[str, Any]:
        return {"place": self._place.as_dict(), "should_stop": self.trainer.should_stop}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        checkpoint.pop("loops")  # Lightning's way of restarting is not exact

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        place = Position(**state_dict["place"])
        set_position(self.trainer, place)
        loop = self.trainer.fit_loop.epoch_loop
        assert isinstance(loop, EpochLoop)
        loop.start_at(place)
        self.trainer.should_stop = state_dict["should_stop"]

    def _record(self, place: Position, *, boundary: bool) -> None:
        due, signal = self._agreed(self._due(boundary))
        if due or signal:
            self.guard.check(self.trainer)
            self._place = place
            self._save()
        if signal:
            raise Interrupted(
                f"stopped after step {self.trainer.global_step} (epoch {place.epoch}); "
                f"the state is in {self.folder}\nthe same command goes on from there",
                signal,
            )

    def _due(self, boundary: bool) -> bool:
        step, seconds = self.trainer.global_step, time.monotonic() - self._moment
        if self.every_n_steps and step // self.every_n_steps > self._steps // self.every_n_steps:
            return True
        if boundary and step > self._steps:
            return self._cost <= _SHARE * seconds
        return seconds >= self.every_n_seconds

    def _agreed(self, due: bool) -> tuple[bool, int]:
        """The same answer in all processes: the first one's, and a signal to any of them."""
        signal = self.interrupts.received or 0
        if self.trainer.world_size == 1:
            return due, signal
        answer = torch.tensor(
            [due and self.trainer.is_global_zero, signal], device=self.trainer.strategy.root_device
        )
        torch.distributed.all_reduce(answer, torch.distributed.ReduceOp.MAX)
        return bool(answer[0]), int(answer[1])

    def _save(self) -> None:
        trainer = self.trainer
        started = time.monotonic()
        error: OSError | None = None
        part: Path | None = None
        if trainer.is_global_zero:
            try:
                part = checkpoints.start(self.folder)
            except OSError as failed:
                error = failed
        part = trainer.strategy.broadcast(part)
        if part:
            trainer.save_checkpoint(part / STATE, weights_only=False)
            error = trainer.strategy.checkpoint_io.pop_error()
            try:
                states = metric_states(trainer.lightning_module)
                _write(states, part / _rank_file(trainer.global_rank))
            except OSError as failed:
                error = failed
        written = trainer.strategy.reduce_boolean_decision(error is None and part is not None)
        if trainer.is_global_zero and written and part:
            try:
                checkpoints.finish(part, self._facts(), self.keep)
            except OSError as failed:
                error = failed
        if error:
            print(f"checkpoint not saved, training goes on: {error}", file=sys.stderr, flush=True)
        now = time.monotonic()
        self._steps, self._moment, self._cost = trainer.global_step, now, now - started

    def _facts(self) -> dict[str, Any]:
        return {
            "step": self.trainer.global_step,
            "epoch": self._place.epoch,
            "batch": self._place.batch,
            "processes": self.trainer.world_size,
        }


class PlainCheckpointIO(CheckpointIO):
    """`torch.save` to the very path, and nothing but tensors and plain values read back.

    The path lies in a folder that is not a checkpoint yet. A failure is kept for the caller: were
    it raised in the one process that writes, the others would wait for it.
    """

    def __init__(self) -> None:
        self._error: OSError | None = None

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        with self.keeping_errors():
            _write(checkpoint, Path(path))

    @contextlib.contextmanager
    def keeping_errors(self) -> Iterator[None]:
        """Keep the failure of the write in this block."""
        try:
            yield
        except OSError as error:
            self._error = error
        except CheckpointException as error:  # of a checkpoint that all processes write
            self._error = OSError(" ".join(str(error).split()))

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        return torch.load(path, map_location="cpu", weights_only=True)

    def remove_checkpoint(self, path: str | Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            Path(path).unlink()

    def pop_error(self) -> OSError | None:
        """The failure of the last write, if it failed."""
        error, self._error = self._error, None
        return error


def _write(content: Any, path: Path) -> None:
    try:
        with path.open("wb") as file:
            torch.save(content, file)
    except RuntimeError as error:
        # After a failed write torch's own bookkeeping fails as well, and hides it.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise


def metric_states(module: torch.nn.Module) -> dict[str, dict[str, Any]]:
    """What the metrics of a task have gathered in this process, by the metric's name."""
    return {
        name: {"state": dict(metric.metric_state), "updates": metric._update_count}
        for name, metric in module.named_modules()
        if isinstance(metric, Metric)
    }


def load_metrics(module: torch.nn.Module, states: Mapping[str, Mapping[str, Any]]) -> None:
    """Give the metrics of a task back what they had gathered."""
    for name, metric in module.named_modules():
        if isinstance(metric, Metric):
            for key, value in states[name]["state"].items():
                setattr(metric, key, _moved(value, metric.device))
            metric._update_count = states[name]["updates"]
            metric._computed = None


def _moved(value: Any, device: torch.device) -> Any:
    return [item.to(device) for item in value] if isinstance(value, list) else value.to(device)


def _rank_file(rank: int) -> str:
    return f"process-{rank}.pt"
