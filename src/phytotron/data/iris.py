"""Iris: 150 flowers of three species, by four lengths in cm (Fisher, 1936).

Sources: Vasilev 2023, ch. 1
Catalogue: A18
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.datasets import load_iris

from phytotron.data.arrays import Splits


def read_iris(*, features: Sequence[int] | None = None) -> Splits:
    """Inputs of shape (flowers, 4): length and width of sepal and petal; and species 0, 1, 2.

    It is scikit-learn's copy: nothing is downloaded, and the tiny variant is a part of it.

    Args:
        features: use only these columns, such as [0, 1]; None: all.
    """
    flowers = load_iris()
    columns = list(range(4) if features is None else features)
    inputs, species = flowers.data[:, columns], flowers.target
    return Splits(
        (inputs.astype(np.float32), species.astype(np.int64)),
        input_names=[flowers.feature_names[column] for column in columns],
        class_names=flowers.target_names.tolist(),
    )
