"""Penguins: 342 birds of three species on Palmer's islands, by four sizes (Gorman et al., 2014)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from phytotron.data import archives
from phytotron.data.arrays import Splits
from phytotron.data.sources import fetch
from phytotron.data.tables import tiny_classes

FEATURES = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
SPECIES = ("Adelie", "Chinstrap", "Gentoo")  # 151, 68 and 123 birds


def read_penguins(
    *, sources: Sequence[Mapping[str, str]], tiny: bool = False, cache: Path | None = None
) -> Splits:
    """Inputs of shape (birds, 4), see `FEATURES`, and species 0, 1, 2.

    Args:
        sources: see `phytotron.data.sources`; a wheel with the table as CSV.
        tiny: generate a few birds instead of reading the wheel.
        cache: the folder of the wheel; None: the user's cache.
    """
    birds = (
        tiny_classes(len(FEATURES), len(SPECIES))
        if tiny
        else _measured_birds(fetch(sources, cache))
    )
    return Splits(birds, class_names=SPECIES, input_names=FEATURES)


def _measured_birds(wheel: Path) -> tuple[np.ndarray, np.ndarray]:
    """Measures and species of the 342 birds that were measured; two of the 344 were not."""
    content = archives.member(wheel, "bokeh_sampledata/_data/penguins.csv")
    measured = pd.read_csv(io.BytesIO(content)).dropna(subset=list(FEATURES))
    species = pd.Categorical(measured["species"], SPECIES).codes
    return np.array(measured[list(FEATURES)], np.float32), species.astype(np.int64)
