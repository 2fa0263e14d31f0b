"""Data sets that fit in memory: splits, their batches, and the data module that serves them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import pytorch_lightning as pl
import torch
from numpy.typing import NDArray
from torch import Tensor

from phytotron.data.order import Rows, TrainingOrder, evaluation_batches
from phytotron.data.readers import Reader, TableReader
from phytotron.errors import UserError


class Samples(NamedTuple):
    """Inputs and targets, both of shape (samples, ...): a split, or a batch of one."""

    inputs: Tensor
    targets: Tensor


@dataclass(frozen=True)
class Splits:
    """What the reader of a data set returns.

    Attributes:
        train: the training samples: inputs and targets, or some NamedTuple of tensors, all of shape
            (samples, ...).
        test: the test samples, of the same kind; None: there are none.
        class_names: of the class ids 0, 1, ...
        input_names: of the features.
        dimensions: what a network must know of the data and cannot be derived from its arrays.
    """

    train: Any
    test: Any = None
    class_names: Sequence[str] | None = None
    input_names: Sequence[str] | None = None
    dimensions: Mapping[str, Any] | None = None


_TINY_BATCH = 16

# A NamedTuple of tensors, each of shape (samples, ...). A batch of a split has the split's class.
Tensors = TypeVar("Tensors", bound=tuple[Any, ...])


class Batches:
    """The batches of a split, in an order of rows.

    It replaces a `DataLoader`, whose overhead is as large as the work itself where a batch is only
    looked up in memory.
    """

    def __init__(self, samples: Any, order: Sequence[Rows] | TrainingOrder) -> None:
        self.samples = samples
        self.order = order

    def __len__(self) -> int:
        return len(self.order)

    def __iter__(self) -> Iterator[Any]:
        return (take(self.samples, rows) for rows in self.order)


class TrainingBatches(Batches):
    """Batches in training's order, which can begin anywhere."""

    order: TrainingOrder

    def start_at(self, epoch: int, batch: int) -> None:
        """Let the next iterator begin after `batch` batches of an epoch."""
        self.order.start_at(epoch, batch)


def take(samples: Tensors, rows: Rows) -> Tensors:
    """The samples of some rows, in their order."""
    wanted = torch.from_numpy(rows)
    return _same_class(samples, (tensor.index_select(0, wanted) for tensor in samples))


class ArrayDataModule(pl.LightningDataModule):
    """Arrays in memory, as splits of any `NamedTuple` class of tensors of shape (samples, ...).

    Two plain arrays, inputs and targets, become `Samples`. The validation samples are drawn from
    the training samples by the seed. All training batches are full: the last one is filled up with
    the first samples of the epoch.

    Args:
        train: a NamedTuple of tensors, or inputs and targets.
        test: the same; None: there is no test split.
        batch_size: samples of a training batch in each process; None: the whole split in one.
        validation: how many of the training samples are held out for validation; 0: there is no
            such split. Or the split itself.
        seed: determines which samples are held out for validation and, together with the epoch, the
            order of the training samples.
        evaluation_batch_size: samples of a batch of validation and test in each process.
        standardise: shift and scale each feature to mean 0 and standard deviation 1. The mean and
            the deviation are those of the training samples, in all splits.
        tiny: the splits are tiny: a training batch has at most 16 samples, and at most a quarter of
            the training samples are held out for validation.
        dimensions: these win over what is derived from inputs and targets.
        class_names: of the class ids 0, 1, ...; None: they have none.
        input_names: of the features; None: they have none.

    Raises:
        UserError: more samples are to be held out than there are, or there are no inputs to
            standardise.

    Attributes:
        train, validation, test: the splits; None where there is none.
        dimensions: what a network must know of the data: `input_shape` (without the batch), and
            `num_classes` for targets that are class ids of shape (samples,), or `num_outputs` for
            real numbers of shape (samples, outputs).
        class_counts: training samples of each class, shape (classes,); None where the targets are
            not class ids.
        is_binary: whether the targets are a column of floats 0 and 1 for two classes.
        image_reader: how a model reads an image file, where the samples are images.
    """

    is_binary = False
    image_reader: Reader | None = None
    _standard: tuple[Tensor, Tensor] | None = None  # mean and deviation of the training inputs

    def __init__(
        self,
        train: Any,
        test: Any = None,
        *,
        batch_size: int | None,
        seed: int,
        validation: Any = 0,
        evaluation_batch_size: int = 1000,
        standardise: bool = False,
        tiny: bool = False,
        dimensions: Mapping[str, Any] | None = None,
        class_names: Sequence[str] | None = None,
        input_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        if tiny:
            batch_size = min(batch_size or _TINY_BATCH, _TINY_BATCH)
            if isinstance(validation, int):
                validation = min(validation, len(train[0]) // 4)
        self.batch_size = batch_size
        self.evaluation_batch_size = evaluation_batch_size
        self.seed = seed
        self.class_names = class_names
        self.input_names = input_names
        if isinstance(validation, int):
            self.train, self.validation = _split_validation(_as_tensors(train), validation, seed)
        else:
            self.train = _as_tensors(train)
            self.validation = validation and _as_tensors(validation)
        self.test = test and _as_tensors(test)
        if standardise:
            self._standardise()
        present = [part for part in (self.train, self.validation, self.test) if part is not None]
        self.dimensions = _derived_dimensions(present) | dict(dimensions or {})
        self.class_counts: NDArray[np.int64] | None = None
        if "num_classes" in self.dimensions and "targets" in self.train._fields:
            classes = self.dimensions["num_classes"]
            self.class_counts = self.train.targets.bincount(minlength=classes).numpy()

    def train_dataloader(self) -> TrainingBatches:
        lengths, share = _equal_lengths(self.train), self._share()
        batch_size = self.batch_size or -(-len(lengths) // share["world_size"])
        order = TrainingOrder(lengths, batch_size, seed=self.seed, **share)
        return TrainingBatches(self.train, order)

    def val_dataloader(self) -> Batches | list:
        return self._evaluation(self.validation)

    def test_dataloader(self) -> Batches | list:
        return self._evaluation(self.test)

    def reader(self) -> Reader | None:
        """How a trained model reads an image file or a row; None: it cannot be asked."""
        if self.image_reader is not None:
            return self.image_reader
        if self.train._fields != Samples._fields or self.train.inputs.ndim != 2:
            return None
        if not self.train.inputs.is_floating_point():
            return None
        width = self.train.inputs.shape[1]
        names = self.input_names or [f"x{number}" for number in range(1, width + 1)]
        if self._standard is None:
            return TableReader(list(names))
        return TableReader(list(names), *(values.tolist() for values in self._standard))

    def _evaluation(self, split: Any) -> Batches | list:
        if split is None:
            return []
        lengths = _equal_lengths(split)
        order = evaluation_batches(lengths, self.evaluation_batch_size, **self._share())
        return Batches(split, order)

    def _share(self) -> dict[str, int]:
        """The part of each batch that this process gets; all of it outside a Trainer."""
        if self.trainer is None:
            return {"rank": 0, "world_size": 1}
        return {"rank": self.trainer.global_rank, "world_size": self.trainer.world_size}

    def _standardise(self) -> None:
        if "inputs" not in self.train._fields:
            raise UserError(
                f"the samples have no inputs to standardise, but {', '.join(self.train._fields)}",
                where="data.standardise",
                allowed="false",
            )
        deviation, mean = torch.std_mean(self.train.inputs, dim=0, correction=0)
        deviation[deviation == 0] = 1  # a feature that is the same in all samples becomes 0
        self._standard = mean, deviation
        for name in ("train", "validation", "test"):
            split = getattr(self, name)
            if split is not None:
                setattr(self, name, split._replace(inputs=(split.inputs - mean) / deviation))


def array_module(
    read: Splits,
    *,
    batch_size: int | None,
    validation: int,
    seed: int,
    tiny: bool = False,
    standardise: bool = False,
) -> ArrayDataModule:
    """The data module of splits that need no further preparation.

    Args:
        read: the splits.
        batch_size, validation, seed, tiny, standardise: see `ArrayDataModule`.
    """
    return ArrayDataModule(
        read.train,
        read.test,
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        tiny=tiny,
        standardise=standardise,
        dimensions=read.dimensions,
        class_names=read.class_names,
        input_names=read.input_names,
    )


def _as_tensors(given: Any) -> Any:
    if hasattr(given, "_fields"):
        return _same_class(given, map(torch.as_tensor, given))
    inputs, targets = given
    return Samples(torch.as_tensor(inputs), torch.as_tensor(targets))


def _same_class(split: Any, tensors: Any) -> Any:
    """A split of the same NamedTuple class with other tensors."""
    return type(split)._make(tensors)


def _split_validation(split: Any, validation: int, seed: int) -> tuple[Any, Any]:
    """The samples that stay for training, and those held out for validation."""
    samples = len(split[0])
    if not 0 <= validation < samples:
        raise UserError(
            f"{validation} samples for validation",
            where="data.validation",
            allowed=f"0 to {samples - 1}, fewer than the training samples",
        )
    order = np.random.default_rng(seed).permutation(samples)
    if validation == 0:
        return split, None
    return take(split, order[validation:]), take(split, order[:validation])


def _derived_dimensions(splits: Sequence[Any]) -> dict[str, Any]:
    first = splits[0]
    dimensions: dict[str, Any] = {}
    if "inputs" in first._fields:
        dimensions["input_shape"] = tuple(first.inputs.shape[1:])
    if "targets" in first._fields:
        targets = first.targets
        if targets.is_floating_point() and targets.ndim == 2:
            dimensions["num_outputs"] = targets.shape[1]
        elif not targets.is_floating_point() and targets.ndim == 1:
            dimensions["num_classes"] = 1 + max(int(split.targets.max()) for split in splits)
    return dimensions


def _equal_lengths(split: Any) -> NDArray[np.int64]:
    """Lengths for `TrainingOrder`, which sorts by them: here all samples are equally long."""
    return np.zeros(len(split[0]), np.int64)
