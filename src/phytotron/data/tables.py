"""Tables: samples that are rows, some of them held out for the test; generated ones for `tiny`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from phytotron.data.arrays import ArrayDataModule, Samples, Splits, array_module, take
from phytotron.errors import UserError

_TINY_ROWS = 64


def table_module(
    read: Any,
    *,
    batch_size: int | None,
    validation: int,
    seed: int,
    test_samples: int = 0,
    split_seed: int = 0,
    binary: bool = False,
    standardise: bool = False,
    tiny: bool = False,
) -> ArrayDataModule:
    """The data module of a table.

    Args:
        read: the rows: inputs and targets, a NamedTuple of tensors of shape (rows, ...), or
            `Splits` of them.
        batch_size: rows of a training batch in each process; None: all in one.
        validation: training rows that are held out for validation.
        seed: see `ArrayDataModule`.
        test_samples: rows that are held out for the test; 0: none, the test split is that of
            `read`, if it has one.
        split_seed: chooses the rows for the test: the last ones of a shuffle.
        binary: turn class ids 0 and 1 into a column of floats, for a network with a single output.
        standardise: see `ArrayDataModule`.
        tiny: use at most 64 of the rows, and at most a quarter of them for the test.

    Raises:
        UserError: more rows are to be held out than there are, or `binary` does not fit the
            targets.
    """
    splits = read if isinstance(read, Splits) else Splits(read)
    rows = splits.train
    if not hasattr(rows, "_fields"):
        rows = Samples(*map(torch.as_tensor, rows))
    if binary:
        rows = _binary(rows)
    count = len(rows[0])
    if tiny:
        count = min(count, _TINY_ROWS)
        test_samples = min(test_samples, count // 4)
    if not 0 <= test_samples < count:
        raise UserError(
            f"{test_samples} samples for the test",
            where="data.test_samples",
            allowed=f"0 to {count - 1}, fewer than there are",
        )
    # What pandas shuffles with, as Vasilev 2023, ch. 1, does: its split can be reproduced.
    order = np.random.RandomState(split_seed).permutation(len(rows[0]))[:count]
    end = count - test_samples
    splits = replace(
        splits,
        train=take(rows, np.sort(order[:end])),
        test=take(rows, order[end:]) if test_samples else splits.test,
    )
    data = array_module(
        splits,
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        tiny=tiny,
        standardise=standardise,
    )
    data.is_binary = binary
    return data


def _binary(rows: Any) -> Any:
    """Rows whose class ids are a column of floats, shape (rows, 1)."""
    targets = rows.targets
    if targets.is_floating_point() or targets.ndim != 1 or targets.max() > 1:
        raise UserError(
            "the targets are not class ids 0 and 1", where="data.binary", allowed="false"
        )
    return rows._replace(targets=targets[:, None].float())


def tiny_measures(
    features: int, outputs: int, samples: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Normal features, shape (samples, features), and functions of them, (samples, outputs)."""
    inputs = np.random.default_rng(2).normal(size=(samples, features))
    weights = np.cos(np.outer(np.arange(features), np.arange(1, outputs + 1)))
    return inputs.astype(np.float32), np.tanh(inputs @ weights).astype(np.float32)


def tiny_classes(
    features: int, classes: int, samples: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Normal features, shape (samples, features), and classes of equal size, shape (samples,)."""
    inputs, values = tiny_measures(features, 1, samples)
    rank = values[:, 0].argsort().argsort()
    return inputs, rank * classes // samples
