"""Training of a network whose output is minimised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from phytotron.tasks.task import Task


class Minimisation(Task):
    """The mean of the outputs `network(*batch)`, shape (batch,), is minimised.

    A test gives `test/cost`, and `test/distance`: the largest distance of a weight from the known
    optimum.

    Args:
        network: from a batch to costs.
        optimum: all weights at the minimum, one after the other.
        others: see `Task`.
    """

    optimum: Tensor

    def __init__(
        self,
        network: nn.Module,
        *,
        optimizer: Mapping[str, Any],
        optimum: Sequence[float],
        scheduler: Mapping[str, Any] | None = None,
        regularizer: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        super().__init__(network, optimizer=optimizer, scheduler=scheduler, regularizer=regularizer)
        self.register_buffer("optimum", torch.tensor(optimum), persistent=False)

    def objective(self, batch: tuple[Tensor, ...]) -> Tensor:
        return self(*batch).mean()

    def test_step(self, batch: tuple[Tensor, ...], index: int) -> None:
        weights = nn.utils.parameters_to_vector(self.network.parameters())
        self.log("test/cost", self.objective(batch), batch_size=len(batch[0]))
        self.log("test/distance", (weights - self.optimum).abs().max())
