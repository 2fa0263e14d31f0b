"""What the ways of training have in common whose network is measured by its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from phytotron.tasks.sample_quality import judged
from phytotron.tasks.task import Task

# Samples that are made at once: many for the processor, few for the memory.
_AT_ONCE = 250


class Generation(Task):
    """A task whose test judges new images: see `phytotron.tasks.sample_quality`.

    Args:
        network: has `sample(count)`.
        data: the data module, whose images the judge learns from and compares with.
        test_samples: images that are judged in a test.
        grid: rows and columns of the picture of samples.
        others: see `Task`.
    """

    network: Any

    def __init__(
        self,
        network: nn.Module,
        *,
        data: Any,
        test_samples: int,
        grid: Sequence[int],
        optimizer: Mapping[str, Any],
        **others: Any,
    ) -> None:
        super().__init__(network, optimizer=optimizer, **others)
        self.data = data
        self.test_samples = test_samples
        self.grid = grid

    def validation_step(self, batch: Any, index: int) -> None:
        """There is no loss of single images that would say how good the samples are."""

    def test_step(self, batch: Any, index: int) -> None:
        """Samples are judged when the test ends."""

    def on_test_epoch_end(self) -> None:
        for name, value in judged(self.sample(self.test_samples), self.data).items():
            self.log(f"test/{name}", value)

    def sample(self, count: int) -> Tensor:
        """New images, shape (count, ...)."""
        full, rest = divmod(count, _AT_ONCE)
        sizes = [_AT_ONCE] * full + [rest] * (rest > 0)
        return torch.cat([self.network.sample(size) for size in sizes])
