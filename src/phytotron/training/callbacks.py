"""Callbacks of a training: seeds of validations, the history, and the best weights."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch import Tensor, nn

from phytotron.errors import UserError
from phytotron.tasks.task import Task
from phytotron.training.loss_guard import learning_rate
from phytotron.training.reproducibility import seed_evaluation
from phytotron.training.sharded import full_weights


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
