"""What happens during a fit besides the optimisation."""

from __future__ import annotations

import math
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn

from phytotron.errors import UserError
from phytotron.training.loss_guard import learning_rate
from phytotron.training.reproducibility import seed_validation
from phytotron.training.sharded import full_weights


class SeedValidation(Callback):
    """Makes what a validation draws at random a pure function of (seed, batch, rank)."""

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
        seed_validation(self.seed, batch_idx, trainer.global_rank)


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
        weights: the network's state at the end of that epoch; of a sharded one only in the first
            process.
    """

    def __init__(self, monitor: str, mode: str) -> None:
        if mode not in ("max", "min"):
            raise UserError(f"callbacks: mode is '{mode}'", allowed="max, min")
        self.monitor = monitor
        self.sign = 1 if mode == "max" else -1
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
