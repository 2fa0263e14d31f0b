"""Ends a training whose loss is not finite or has exploded."""

from __future__ import annotations

import math
from pathlib import Path

import pytorch_lightning as pl
from torch import Tensor, stack

from phytotron.errors import UserError
from phytotron.training import checkpoints

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
            stack([loss for *_, loss in unseen]).tolist()
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
