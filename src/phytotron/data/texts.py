"""Labelled paragraphs as plain texts, for estimators that take texts."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from phytotron.data.paragraphs import folder_digest, load_labels, load_split
from phytotron.data.readers import SplitSamples, TextReader


class Texts(NamedTuple):
    """Paragraphs and their class ids, shape (paragraphs,)."""

    inputs: list[str]
    targets: NDArray[np.int64]


class TextsOfParagraphs:
    """The splits of a folder that the stage `preprocess` wrote.

    Args:
        folder: such as `data/processed`.
    """

    digest = staticmethod(folder_digest)

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.class_names = load_labels(folder)
        self.dimensions = {"num_classes": len(self.class_names)}

    # A split is read when it is asked for: the stage `evaluate` needs the test alone.
    @cached_property
    def train(self) -> Texts:
        return self._texts("train")

    @cached_property
    def validation(self) -> Texts:
        return self._texts("validation")

    @cached_property
    def test(self) -> Texts:
        return self._texts("test")

    def test_samples(self) -> SplitSamples:
        """The test paragraphs with their pages."""
        read = load_split(self.folder, "test")
        return SplitSamples(read.texts, read.labels, read.urls, read.texts)

    def reader(self) -> TextReader:
        """How a model that was trained on them reads a text: as it is."""
        return TextReader()

    def _texts(self, split: str) -> Texts:
        read = load_split(self.folder, split)
        return Texts(read.texts, read.labels)
