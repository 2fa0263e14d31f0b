"""Noise in two inputs with a target of noise: there is nothing to learn, only to memorise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from phytotron.data.arrays import Splits


class IdsAndNumbers(NamedTuple):
    """Samples of two inputs.

    Attributes:
        ids: int64, shape (rows, id columns).
        numbers: float32, shape (rows, number columns).
        targets: float32, shape (rows, 1).
    """

    ids: Tensor
    numbers: Tensor
    targets: Tensor


def random_table(
    *,
    rows: int,
    id_columns: int,
    vocabulary: int,
    number_columns: int,
    generator_seed: int,
) -> Splits:
    """`IdsAndNumbers`; the dimensions are `vocabulary`, `id_columns` and `number_columns`.

    Args:
        rows: number of rows.
        id_columns: ids of each row.
        vocabulary: the ids are below it.
        number_columns: real numbers of each row, uniform in [0, 1).
        generator_seed: seed of all random numbers.
    """
    random = np.random.default_rng(generator_seed)
    samples = IdsAndNumbers(
        torch.from_numpy(random.integers(0, vocabulary, (rows, id_columns))),
        torch.from_numpy(random.random((rows, number_columns), np.float32)),
        torch.from_numpy(random.integers(0, 2, (rows, 1))).float(),
    )
    return Splits(
        samples,
        dimensions={
            "vocabulary": vocabulary,
            "id_columns": id_columns,
            "number_columns": number_columns,
        },
    )
