"""The base of tasks whose network generates images and is measured by its samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from phytotron.tasks.sample_quality import sample_quality
from phytotron.tasks.task import Task

# Samples of one forward pass: a limit on memory.
_CHUNK = 250


class Generation(Task):
    """A task whose test measures generated images, see `phytotron.tasks.sample_quality`.

    Args:
        network: has `sample(count)`.
        data: the data module whose images the samples are compared with.
        test_samples: number of images that a test generates.
        grid: rows and columns of the figure of samples.
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
        """Nothing: no loss of single images measures the quality of samples."""

    def test_step(self, batch: Any, index: int) -> None:
        """Nothing: samples are measured once, when the test ends."""

    def on_test_epoch_end(self) -> None:
        for name, value in sample_quality(self.sample(self.test_samples), self.data).items():
            self.log(f"test/{name}", value)

    def sample(self, count: int) -> Tensor:
        """Generate images, shape (count, channels, height, width)."""
        full, rest = divmod(count, _CHUNK)
        sizes = [_CHUNK] * full + [rest] * (rest > 0)
        return torch.cat([self.network.sample(size) for size in sizes])
