"""What happens during a fit besides the optimisation."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from phytotron.errors import UserError
from phytotron.files import replacing
from phytotron.training.bundle import load_weights, save_weights
from phytotron.training.reproducibility import step_seed


class SeedEveryStep(Callback):
    """Makes the randomness of a step a pure function of (seed, step, rank)."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        # Batches, not optimizer steps: with accumulated gradients several share an optimizer step.
        batches = trainer.current_epoch * int(trainer.num_training_batches) + batch_idx
        torch.manual_seed(step_seed(self.seed, batches, trainer.global_rank))


class StopOnNaN(Callback):
    """Ends training with an explanation when the loss is no longer a finite number."""

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        loss = outputs["loss"].item()
        if not math.isfinite(loss):
            rate = learning_rate(trainer)
            raise UserError(
                f"the loss became {loss} at step {trainer.global_step} "
                f"(epoch {trainer.current_epoch}, learning rate {rate:.3g})",
                hint="lower optimizer.lr, or set trainer.gradient_clip_val",
            )


class History(Callback):
    """One row and one printed line for each epoch.

    Attributes:
        rows: dicts with `epoch` (from 0), `step` (optimizer steps so far), the task's metrics,
            and `learning_rate`.
    """

    def __init__(self) -> None:
        self.rows: list[dict[str, float | int]] = []

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._started = time.perf_counter()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        metrics = {name: float(value) for name, value in trainer.callback_metrics.items()}
        self.rows.append(
            {"epoch": trainer.current_epoch, "step": trainer.global_step}
            | metrics
            | {"learning_rate": learning_rate(trainer)}
        )
        if trainer.is_global_zero:
            shown = "  ".join(f"{name} {value:.4f}" for name, value in metrics.items())
            seconds = time.perf_counter() - self._started
            print(f"epoch {trainer.current_epoch}  {shown}  {seconds:.1f} s", flush=True)


class BestWeights(Callback):
    """Keeps the weights of the best epoch in the trainer's scratch folder.

    Args:
        monitor: the metric that decides.
        mode: `max` or `min`.

    Attributes:
        best_epoch: the epoch (from 0) of the best value so far; the first one of equals.
        best_value: the value.
    """

    FILE = "best.safetensors"

    def __init__(self, monitor: str, mode: str) -> None:
        if mode not in ("max", "min"):
            raise UserError(f"callbacks: mode is '{mode}'", allowed="max, min")
        self.monitor = monitor
        self.sign = 1 if mode == "max" else -1
        self.best_epoch: int | None = None
        self.best_value = -math.inf * self.sign

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
        if trainer.is_global_zero:
            with replacing(Path(trainer.default_root_dir) / self.FILE) as path:
                save_weights(pl_module.network, path)

    def restore(self, folder: Path, network: torch.nn.Module) -> None:
        """Load the best weights into the network."""
        load_weights(network, folder / self.FILE)


def learning_rate(trainer: pl.Trainer) -> float:
    """The present learning rate of the first parameter group."""
    return float(trainer.optimizers[0].param_groups[0]["lr"])
