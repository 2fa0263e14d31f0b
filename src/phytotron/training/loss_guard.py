"""Ends a training whose loss is no longer a number, or has exploded."""

from __future__ import annotations

import math
from pathlib import Path

import pytorch_lightning as pl
from torch import Tensor, stack

from phytotron.errors import UserError
from phytotron.training import checkpoints

# Times the first loss (at least 1): no training comes back from there.
EXPLOSION = 1e6
# On an accelerator, looking at a loss waits for it; so many are looked at together.
_TOGETHER = 50


class LossGuard:
    """Looks at the loss of every step.

    Args:
        folder: the checkpoints, to name the last good one.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._limit: float | None = None
        self._unseen: list[tuple[int, float, Tensor]] = []

    def see(self, trainer: pl.Trainer, loss: Tensor) -> None:
        """Take note of the loss of the step that has just been taken."""
        if loss.device.type == "cpu" and self._limit and abs(loss.item()) <= self._limit:
            return  # the usual case: a small step takes hardly longer than all the rest
        self._unseen.append((trainer.global_step, learning_rate(trainer), loss.detach()))
        if loss.device.type == "cpu" or len(self._unseen) >= _TOGETHER:
            self.check(trainer)

    def check(self, trainer: pl.Trainer) -> None:
        """Look at all losses that have not been looked at.

        Raises:
            UserError: one is not finite, or far above the first one.
        """
        unseen, self._unseen = self._unseen, []
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
