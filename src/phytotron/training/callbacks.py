"""Callbacks of a training (seeds, history, best weights), and the check of its loss."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from phytotron.errors import UserError
from phytotron.tasks.task import Task
from phytotron.training import checkpoints
from phytotron.training.reproducibility import seed_evaluation


class SeedEvaluation(Callback):
    """Makes the randomness of a validation or test a pure function of (seed, batch, rank)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_validation_batch_start(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        seed_evaluation(self.seed, batch_idx, trainer.global_rank)

    on_test_batch_start = on_validation_batch_start


# The most lines that a training prints, however many epochs it has.
_LINES = 100


class History(Callback):
    """One row for each validation, or for each epoch where there is none, and a printed line.

    Attributes:
        rows: dicts with `epoch` (from 0), `step` (optimizer steps so far), the task's metrics,
            and `learning_rate`.
    """

    supports_steps_per_execution = True

    def __init__(self) -> None:
        self.rows: list[dict[str, float | int]] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._started = time.perf_counter()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._row(trainer, trainer.callback_metrics)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # Without a validation there would be no row: the loss of the training steps stands in.
        if sum(trainer.num_val_batches) == 0 and isinstance(pl_module, Task):
            measured = pl_module.take_train_loss()
            for logger in trainer.loggers:
                logger.log_metrics({k: float(v) for k, v in measured.items()}, trainer.global_step)
            self._row(trainer, measured)

    def _row(self, trainer: pl.Trainer, measured: Mapping[str, Tensor]) -> None:
        metrics = {name: float(value) for name, value in measured.items()}
        self.rows.append(
            {"epoch": trainer.current_epoch, "step": trainer.global_step}
            | metrics
            | {"learning_rate": learning_rate(trainer)}
        )
        every = max(1, (trainer.max_epochs or 1) // _LINES)
        if trainer.is_global_zero and trainer.current_epoch % every == 0:
            shown = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items())
            seconds = time.perf_counter() - self._started
            print(f"epoch {trainer.current_epoch}  {shown}  {seconds:.1f} s", flush=True)

    def state_dict(self) -> dict[str, Any]:
        return {"rows": self.rows}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.rows = list(state_dict["rows"])


class BestWeights(Callback):
    """Keeps the weights of the best epoch.

    Args:
        monitor: the metric that decides.
        mode: `max` or `min`.

    Attributes:
        best_epoch: the epoch (from 0) of the best value so far; the first one of equals.
        best_value: the value.
        weights: the network's state at the end of that epoch; of a sharded network only in the
            first process.
    """

    def __init__(self, monitor: str, mode: str) -> None:
        if mode not in ("max", "min"):
            raise UserError(f"callbacks: mode is '{mode}'", allowed="max, min")
        self.monitor = monitor
        self.sign = 1 if mode == "max" else -1  # times this, the larger value is the better one
        self.best_epoch: int | None = None
        self.best_value = -math.inf * self.sign
        self.weights: dict[str, Tensor] = {}

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if self.monitor not in trainer.callback_metrics:
            raise UserError(
                f"callbacks: the task does not log '{self.monitor}'",
                allowed=", ".join(sorted(trainer.callback_metrics)),
            )
        value = float(trainer.callback_metrics[self.monitor])
        if self.best_epoch is not None and self.sign * value <= self.sign * self.best_value:
            return
        self.best_epoch, self.best_value = trainer.current_epoch, value
        network = pl_module.network
        assert isinstance(network, nn.Module)
        self.weights = full_weights(network)

    def state_dict(self) -> dict[str, Any]:
        return {"epoch": self.best_epoch, "value": self.best_value, "weights": self.weights}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.best_epoch, self.best_value = state_dict["epoch"], state_dict["value"]
        self.weights = state_dict["weights"]


def unable_to_watch(callbacks: Iterable[Any], data: Any) -> list[Any]:
    """The callbacks that watch a validation metric of data without a validation split.

    They can decide nothing: training runs to its last epoch, and that epoch counts.
    """
    if getattr(data, "validation", data) is not None:
        return []
    return [each for each in callbacks if str(getattr(each, "monitor", "")).startswith("val_")]


def full_weights(network: nn.Module) -> dict[str, Tensor]:
    """A copy of a network's state on the CPU, gathered from all processes if it is sharded.

    All processes must call it. Of a sharded network only the first process gets the copy and the
    others an empty dict, to save their memory.
    """
    keep = not _is_sharded(network) or torch.distributed.get_rank() == 0
    weights = {}
    for name, value in network.state_dict().items():
        whole = value.full_tensor() if isinstance(value, DTensor) else value
        if keep:
            weights[name] = whole.detach().cpu().clone()
    return weights


def _is_sharded(network: nn.Module) -> bool:
    """Whether the network's weights are distributed over the processes."""
    return any(isinstance(parameter, DTensor) for parameter in network.parameters())


# Times the first loss, or times 1 if that is smaller. No training recovers from there.
EXPLOSION = 1e6
# On an accelerator, reading a loss waits for it, so this many are read together.
_BATCHED = 50


class LossGuard:
    """Checks the loss of every step.

    Args:
        folder: the checkpoints, to name the last good one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._limit: float | None = None
        self._unseen: list[tuple[int, float, Tensor]] = []

    def see(self, trainer: pl.Trainer, loss: Tensor) -> None:
        """Take note of the loss of the step that has just been taken."""
        # The usual case on a CPU comes first: a small step takes hardly longer than the rest below.
        if loss.device.type == "cpu" and self._limit and abs(loss.item()) <= self._limit:
            return
        self._unseen.append((trainer.global_step, learning_rate(trainer), loss.detach()))
        if loss.device.type == "cpu" or len(self._unseen) >= _BATCHED:
            self.check(trainer)

    def check(self, trainer: pl.Trainer) -> None:
        """Check all losses that have not been checked yet.

        Raises:
            UserError: one is not finite, or far above the first one.
        """
        unseen, self._unseen = self._unseen, []
        # One transfer from the device for all of them.
        values = (
            torch.stack([loss for *_, loss in unseen]).tolist()
            if len(unseen) > 1
            else [loss.item() for *_, loss in unseen]
        )
        for (step, rate, _), value in zip(unseen, values, strict=True):
            if self._limit is None:
                self._limit = EXPLOSION * max(1.0, abs(value))
            if not math.isfinite(value) or abs(value) > self._limit:
                raise UserError(
                    f"the loss became {value:.4g} at step {step} "
                    f"(epoch {trainer.current_epoch}, learning rate {rate:.3g})",
                    hint=f"lower optimizer.lr, or set trainer.gradient_clip_val; {self._last()}",
                )

    def _last(self) -> str:
        last = checkpoints.newest(self.folder)
        if last is None:
            return "there is no checkpoint yet"
        return f"the last good checkpoint is {last} (step {checkpoints.facts(last)['step']})"


def learning_rate(trainer: pl.Trainer) -> float:
    """The present learning rate of the first parameter group."""
    return float(trainer.optimizers[0].param_groups[0]["lr"])
