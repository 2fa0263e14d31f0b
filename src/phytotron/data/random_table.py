"""Rows of noise in two inputs, with a target of noise: all that can be done is to memorise it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.tables import table


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
    batch_size: int | None,
    validation: int,
    seed: int,
    tiny: bool = False,
) -> ArrayDataModule:
    """`IdsAndNumbers`; its dimensions are `vocabulary`, `id_columns`, `number_columns`, `outputs`.

    Args:
        rows: how many.
        id_columns: ids of each row.
        vocabulary: the ids are below it.
        number_columns: real numbers of each row, uniform in [0, 1).
        generator_seed: of everything.
        batch_size, validation, seed: see `ArrayDataModule`.
        tiny: at most 64 of the rows.
    """
    random = np.random.default_rng(generator_seed)
    samples = IdsAndNumbers(
        torch.from_numpy(random.integers(0, vocabulary, (rows, id_columns))),
        torch.from_numpy(random.random((rows, number_columns), np.float32)),
        torch.from_numpy(random.integers(0, 2, (rows, 1))).float(),
    )
    return table(
        samples,
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        tiny=tiny,
        dimensions={
            "vocabulary": vocabulary,
            "id_columns": id_columns,
            "number_columns": number_columns,
        },
    )
