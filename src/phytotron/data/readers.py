"""How a trained model reads what it is asked about, as its training data was read.

A data module gives the reader, and the model folder keeps it: a model can answer without its data.
Needs no Lightning.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from phytotron.errors import UserError, did_you_mean

TOKENIZER = "tokenizer.json"

SCALINGS: dict[str, Callable[[NDArray], NDArray[np.float32]]] = {
    "unit": lambda pixels: np.divide(pixels, np.float32(255), dtype=np.float32),
    "signed": lambda pixels: np.divide(pixels, np.float32(127.5), dtype=np.float32) - 1,
    "binary": lambda pixels: (pixels > 127).astype(np.float32),
    "raw": lambda pixels: pixels.astype(np.float32),
}


class SplitSamples(NamedTuple):
    """The test split as a model is asked about it.

    Attributes:
        inputs: what the reader takes, one for each sample.
        targets: class ids, shape (samples,), or real values, shape (samples, outputs).
        groups: the page or other group of each sample; None: each sample is a group.
        texts: what people read of each sample; None: nothing.
    """

    inputs: Sequence[Any]
    targets: NDArray[Any]
    groups: Sequence[str] | None = None
    texts: Sequence[str] | None = None


class TextReader:
    """Texts, for an estimator as they are, for a network as token ids.

    Args:
        tokenizer: the file of a tokenizer (package `tokenizers`); None: texts stay texts.
        max_tokens: longer texts are cut off there.
    """

    kind = "text"

    def __init__(self, tokenizer: Path | None = None, max_tokens: int | None = None) -> None:
        self.tokenizer = tokenizer
        self.max_tokens = max_tokens

    def facts(self) -> dict[str, Any]:
        return {"max_tokens": self.max_tokens}

    def save(self, folder: Path) -> None:
        if self.tokenizer:
            shutil.copyfile(self.tokenizer, folder / TOKENIZER)


@dataclass(frozen=True)
class ImageReader:
    """Image files as float32 of shape (samples, channels, height, width).

    Attributes:
        channels, height, width: of the images that the data set has; others are converted.
        scaling, size, border: see `prepared_images`.
    """

    channels: int
    height: int
    width: int
    scaling: str
    size: int | None = None
    border: int = 0

    kind = "image"

    def facts(self) -> dict[str, Any]:
        return dict(vars(self))

    def save(self, folder: Path) -> None:
        """Nothing but its facts."""

    def example(self) -> bytes:
        """The content of an image file of the right size, all black."""
        from PIL import Image

        mode = "L" if self.channels == 1 else "RGB"
        content = io.BytesIO()
        Image.new(mode, (self.width, self.height)).save(content, "PNG")
        return content.getvalue()

    def array(self, samples: Sequence[bytes]) -> NDArray[np.float32]:
        """Images from the contents of their files.

        Raises:
            UserError: one of them is no image.
        """
        from PIL import Image, UnidentifiedImageError

        pixels = np.empty((len(samples), self.channels, self.height, self.width), np.uint8)
        for row, content in enumerate(samples):
            try:
                image = Image.open(io.BytesIO(content)).convert(
                    "L" if self.channels == 1 else "RGB"
                )
            except (UnidentifiedImageError, OSError, Image.DecompressionBombError) as error:
                raise UserError(f"is no image that can be read: {error}") from error
            if image.size != (self.width, self.height):
                image = image.resize((self.width, self.height), Image.Resampling.BILINEAR)
            found = np.asarray(image).reshape(self.height, self.width, self.channels)
            pixels[row] = found.transpose(2, 0, 1)
        return prepared_images(pixels, self.scaling, self.size, self.border)


@dataclass(frozen=True)
class TableReader:
    """Rows of numbers as float32 of shape (samples, columns).

    Attributes:
        columns: their names, in order.
        mean, deviation: of each column in training, if the data is standardised; else None.
    """

    columns: Sequence[str]
    mean: Sequence[float] | None = None
    deviation: Sequence[float] | None = None

    kind = "table"

    def facts(self) -> dict[str, Any]:
        return {name: value if value is None else list(value) for name, value in vars(self).items()}

    def save(self, folder: Path) -> None:
        """Nothing but its facts."""

    def array(self, samples: Sequence[Mapping[str, Any] | Sequence[Any]]) -> NDArray[np.float32]:
        """Rows from mappings by column name, or from values in the order of the columns.

        Raises:
            UserError: a column is missing or unknown, or a value is no number.
        """
        rows = np.empty((len(samples), len(self.columns)), np.float32)
        for number, sample in enumerate(samples):
            rows[number] = self._row(sample)
        if self.mean is None or self.deviation is None:
            return rows
        mean, deviation = (np.array(each, np.float32) for each in (self.mean, self.deviation))
        return (rows - mean) / deviation

    def _row(self, sample: Mapping[str, Any] | Sequence[Any]) -> list[float]:
        allowed = ", ".join(self.columns)
        if isinstance(sample, Mapping):
            for name in sample:
                if name not in self.columns:
                    hint = did_you_mean(name, self.columns)
                    raise UserError(f"there is no column '{name}'", allowed=allowed, hint=hint)
            if missing := [name for name in self.columns if name not in sample]:
                raise UserError(f"without {', '.join(missing)}", allowed=allowed)
            sample = [sample[name] for name in self.columns]
        if len(sample) != len(self.columns):
            raise UserError(
                f"a row of {len(sample)} values", allowed=f"{len(self.columns)}: {allowed}"
            )
        try:
            values = [float(value) for value in sample]
        except (TypeError, ValueError) as error:
            raise UserError(f"is no row of numbers: {error}", allowed=allowed) from None
        if not np.isfinite(values).all():
            raise UserError("is no row of finite numbers", allowed=allowed)
        return values


# What makes of samples what a network or an estimator takes. Each has `facts`, all that
# `load_reader` needs, as JSON, and `save`, which writes further files beside the facts.
Reader = TextReader | ImageReader | TableReader


def load_reader(kind: str, facts: Mapping[str, Any], folder: Path) -> Reader:
    """The reader whose facts and files a model folder has."""
    if kind == "text":
        tokenizer = folder / TOKENIZER if facts["max_tokens"] else None
        return TextReader(tokenizer, facts["max_tokens"])
    if kind == "image":
        return ImageReader(**facts)
    if kind == "table":
        return TableReader(**facts)
    raise ValueError(f"there is no reader of the kind '{kind}'")


def prepared_images(
    images: NDArray[np.uint8], scaling: str, size: int | None = None, border: int = 0
) -> NDArray[np.float32]:
    """Images as a network sees them.

    Args:
        images: bytes, shape (samples, channels, height, width).
        scaling: of the pixels: `unit` to [0, 1], `signed` to [-1, 1], `binary` to 0 or 1, `raw`
            leaves them in [0, 255].
        size: height and width to which images are resized first, bilinearly; None: not at all.
        border: empty pixels around the image.

    Raises:
        UserError: there is no such scaling.
    """
    if scaling not in SCALINGS:
        raise UserError(
            f"unknown scaling '{scaling}'",
            where="data.scaling",
            allowed=", ".join(SCALINGS),
            hint=did_you_mean(scaling, SCALINGS),
        )
    pixels: NDArray = images
    if size is not None:
        import torch
        import torch.nn.functional as F

        floats = torch.from_numpy(images.astype(np.float32))
        pixels = F.interpolate(floats, (size, size), mode="bilinear").numpy()
    edges = (border, border)
    return SCALINGS[scaling](np.pad(pixels, ((0, 0), (0, 0), edges, edges)))
