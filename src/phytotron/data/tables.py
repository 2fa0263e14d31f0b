"""Tables: samples that are rows, and a part of them held out for the test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from phytotron.data.arrays import ArrayDataModule, Samples, take
from phytotron.errors import UserError

_TINY_ROWS = 64


def table(
    samples: Any,
    *,
    batch_size: int | None,
    validation: int,
    seed: int,
    test: Any = None,
    test_samples: int = 0,
    split_seed: int = 0,
    binary: bool = False,
    standardise: bool = False,
    tiny: bool = False,
    dimensions: Mapping[str, Any] | None = None,
) -> ArrayDataModule:
    """A data module of rows.

    Args:
        samples: inputs and targets, or a NamedTuple of tensors, of shape (rows, ...).
        batch_size: rows of a training batch in each process; None: all in one.
        validation: training rows that are for validation.
        seed: see `ArrayDataModule`.
        test: rows for the test, inputs and targets; None: some are held out.
        test_samples: how many rows are held out for the test; 0: none.
        split_seed: chooses the rows for the test: the last ones of a shuffle.
        binary: class 0 and 1 as a column of floats, for a network with a single output.
        standardise: see `ArrayDataModule`.
        tiny: at most 64 of the rows, a quarter of them for the test if there is a test.
        dimensions: see `ArrayDataModule`.
    """
    rows = samples if hasattr(samples, "_fields") else Samples(*map(torch.as_tensor, samples))
    if binary:
        rows = rows._replace(targets=rows.targets[:, None].float())
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
    # The generator that the course notes and textbooks shuffle with: their splits can be had.
    order = np.random.RandomState(split_seed).permutation(len(rows[0]))[:count]
    end = count - test_samples
    data = ArrayDataModule(
        take(rows, np.sort(order[:end])),
        take(rows, order[end:]) if test_samples else test,
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        standardise=standardise,
        tiny=tiny,
        dimensions=dimensions,
    )
    data.is_binary = binary
    return data
