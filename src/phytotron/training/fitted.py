"""What training came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fitted:
    """A trained model and how it came about.

    Attributes:
        model: a network with its best weights, or a fitted estimator.
        data: what it was trained on, as the config's group `data` builds it; None: nothing.
        history: one row an epoch, with `epoch` (from 0), `step` and what was measured.
        epochs: passes over the training data.
        steps: updates of the weights.
        samples: training samples seen, repeated ones counted again.
        parameters: learned numbers in the model.
        best_epoch: the epoch, from 0, that the model is from.
        stopped: why training ended.
        precision: of the arithmetic, as in `trainer.precision`; None for an estimator.
        seconds: of the training alone, without imports and reading data, validation included; of a
            training that was interrupted, what came after.
    """

    model: Any
    data: Any
    history: list[dict[str, float | int]]
    epochs: int
    steps: int
    samples: int
    parameters: int
    best_epoch: int
    stopped: str
    seconds: float
    precision: str | None = None

    @property
    def best(self) -> dict[str, float | int]:
        """The history's row of the best epoch."""
        return next(row for row in self.history if row["epoch"] == self.best_epoch)
