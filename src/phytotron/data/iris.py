"""Iris: 150 flowers of three species, by four lengths in cm (Fisher, 1936).

Catalogue: A18
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.datasets import load_iris

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.tables import table


def iris(
    *,
    batch_size: int | None,
    validation: int,
    seed: int,
    test_samples: int,
    split_seed: int,
    features: Sequence[int] | None = None,
    standardise: bool = False,
    tiny: bool = False,
) -> ArrayDataModule:
    """Inputs of shape (flowers, 4): length and width of sepal and petal; and species 0, 1, 2.

    It is scikit-learn's copy, so nothing is downloaded, and the tiny variant is a part of it.

    Args:
        features: only these columns, such as [0, 1]; None: all.
        others: see `phytotron.data.tables.table`.
    """
    flowers = load_iris()
    columns = list(range(4) if features is None else features)
    inputs, species = flowers.data[:, columns], flowers.target
    data = table(
        (inputs.astype(np.float32), species.astype(np.int64)),
        batch_size=batch_size,
        validation=validation,
        seed=seed,
        test_samples=test_samples,
        split_seed=split_seed,
        standardise=standardise,
        tiny=tiny,
    )
    data.input_names = [flowers.feature_names[column] for column in columns]
    data.class_names = flowers.target_names.tolist()
    return data
