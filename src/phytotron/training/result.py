"""What training came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from phytotron.tasks.answers import Answers


@dataclass(frozen=True)
class TrainingResult:
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
        answers: what the model answers to one who asks it; None: it cannot be asked.
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
    answers: Answers | None = None
    precision: str | None = None

    def summary(self, metric: str) -> str:
        """What it took and came to, on one line.

        Args:
            metric: the experiment's metric; shown if the validation measured it.
        """
        text = f"{self.seconds:.1f} s, {self.parameters:,} parameters"
        name = f"val_{metric}"
        value = self.best.get(name) if self.history else None
        return text if value is None else f"{text}, {name} {value:.4f} (epoch {self.best_epoch})"

    @property
    def best(self) -> dict[str, float | int]:
        """The history's row of the best epoch."""
        return next(row for row in self.history if row["epoch"] == self.best_epoch)
