"""Labelled paragraphs as plain texts, for estimators that take texts."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phytotron.data.paragraphs import load_split


class Texts(NamedTuple):
    """Paragraphs and their class ids, shape (paragraphs,)."""

    inputs: list[str]
    targets: NDArray[np.int64]


class TextsOfParagraphs:
    """The splits of a folder that the stage `preprocess` wrote.

    Args:
        folder: such as `data/processed`.
    """

    test = None  # only the stage `evaluate` reads the test split

    def __init__(self, folder: Path | str) -> None:
        self.train, self.validation = (_texts(folder, name) for name in ("train", "validation"))


def _texts(folder: Path | str, split: str) -> Texts:
    read = load_split(folder, split)
    return Texts(read.texts, read.labels)
