"""Data that fits in memory, as whole batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from phytotron.data.order import Rows, TrainingOrder, evaluation_batches
from phytotron.errors import UserError


class Samples(NamedTuple):
    """Inputs and targets, both of shape (samples, ...): a split, or a batch of one."""

    inputs: Tensor
    targets: Tensor


class Batches:
    """The batches of a split, in an order of rows.

    What a `DataLoader` is elsewhere: where a batch is only looked up in memory, its machinery
    takes as long as the looking up.
    """

    def __init__(self, samples: Samples, order: Sequence[Rows] | TrainingOrder) -> None:
        self.samples = samples
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[Samples]:
        return (take(self.samples, rows) for rows in self.order)


class TrainingBatches(Batches):
    """Batches in training's order, which can begin anywhere."""

    order: TrainingOrder

    def start_at(self, epoch: int, batch: int) -> None:
        """Let the next iterator begin behind `batch` batches of an epoch."""
        self.order.start_at(epoch, batch)


def take(samples: Samples, rows: Rows) -> Samples:
    """The samples of some rows, in their order."""
    wanted = torch.from_numpy(rows)
    return Samples(*(tensor.index_select(0, wanted) for tensor in samples))


class ArrayDataModule(pl.LightningDataModule):
    """Arrays in memory: inputs of shape (samples, ...), and class ids of shape (samples,).

    Validation is carved out of the training samples, by the seed; the test samples stay whole. All
    training batches are full: the last one is filled up with the first samples of the epoch.

    Args:
        train: inputs and targets.
        test: inputs and targets.
        batch_size: samples of a training batch in each process.
        validation: how many of the training samples are for validation.
        seed: the order of the training data derives from it and the epoch, and from it alone which
            samples are for validation.
        evaluation_batch_size: samples of a batch of validation and test in each process.

    Attributes:
        dimensions: what a network must know of the data: `input_shape` and `classes`.
        class_counts: training samples of each class, shape (classes,).
    """

    def __init__(
        self,
        train: tuple[ArrayLike, ArrayLike],
        test: tuple[ArrayLike, ArrayLike],
        *,
        batch_size: int,
        validation: int,
        seed: int,
        evaluation_batch_size: int = 1000,
    ) -> None:
        super().__init__()
        self.batch_size = batch_size
        self.evaluation_batch_size = evaluation_batch_size
        self.seed = seed
        given = _samples(train)
        if not 0 < validation < len(given.targets):
            raise UserError(
                f"{validation} samples for validation",
                where="data.validation",
                allowed=f"1 to {len(given.targets) - 1}, fewer than there are for training",
            )
        order = np.random.default_rng(seed).permutation(len(given.targets))
        self.train = take(given, order[validation:])
        self.validation = take(given, order[:validation])
        self.test = _samples(test)
        classes = int(max(given.targets.max(), self.test.targets.max())) + 1
        self.dimensions = {"input_shape": tuple(given.inputs.shape[1:]), "classes": classes}
        self.class_counts = self.train.targets.bincount(minlength=classes).numpy()

    def train_dataloader(self) -> TrainingBatches:
        lengths = _equal_lengths(self.train)
        order = TrainingOrder(lengths, self.batch_size, seed=self.seed, **self._share())
        return TrainingBatches(self.train, order)

    def val_dataloader(self) -> Batches:
        return self._evaluation(self.validation)

    def test_dataloader(self) -> Batches:
        return self._evaluation(self.test)

    def _evaluation(self, split: Samples) -> Batches:
        lengths = _equal_lengths(split)
        order = evaluation_batches(lengths, self.evaluation_batch_size, **self._share())
        return Batches(split, order)

    def _share(self) -> dict[str, int]:
        """Which part of each batch is for this process; all of it outside a Trainer."""
        if self.trainer is None:
            return {"rank": 0, "world_size": 1}
        return {"rank": self.trainer.global_rank, "world_size": self.trainer.world_size}


def _samples(arrays: tuple[ArrayLike, ArrayLike]) -> Samples:
    inputs, targets = (torch.as_tensor(array) for array in arrays)
    return Samples(inputs, targets)


def _equal_lengths(split: Samples) -> NDArray[np.int64]:
    """What the order sorts by: nothing."""
    return np.zeros(len(split.targets), np.int64)
