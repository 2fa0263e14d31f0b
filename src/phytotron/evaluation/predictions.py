"""What a model said about the test split: one row a paragraph, with its page.

The file holds everything that the metrics need, so that each number can be computed again from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phytotron.errors import UserError
from phytotron.files import replacing

_LABELS = b"labels"


@dataclass(frozen=True)
class Predictions:
    """The predictions of one model.

    Attributes:
        labels: label names; the position is the class id.
        urls: the page of each sample.
        texts: the samples.
        actual: true class ids, int64, shape (samples,).
        probabilities: float32, shape (samples, classes); each row sums to 1.
    """

    labels: Sequence[str]
    urls: Sequence[str]
    texts: Sequence[str]
    actual: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    def __post_init__(self) -> None:
        samples = len(self.texts)
        assert len(self.urls) == samples
        assert self.actual.shape == (samples,)
        assert self.probabilities.shape == (samples, len(self.labels))
        if samples == 0:
            raise UserError("there is nothing to evaluate: the test split is empty")
        if not np.isfinite(self.probabilities).all():
            raise UserError(
                "the model gives probabilities that are not finite: its training diverged",
                hint="lower the learning rate or clip the gradient",
            )

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each sample (the first of equals), shape (samples,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of the predicted class, shape (samples,)."""
        return self.probabilities.max(axis=1)

    def test_set(self) -> str:
        """SHA-256 of the texts and their label names, in order: predictions of equal test sets
        can be paired row by row."""
        digest = hashlib.sha256()
        for text, label in zip(self.texts, self.actual.tolist(), strict=True):
            digest.update(json.dumps([text, self.labels[label]]).encode() + b"\n")
        return digest.hexdigest()


def save(predictions: Predictions, path: Path | str) -> None:
    """Write `predictions.parquet`; the label names are in the metadata of its schema."""
    samples, classes = predictions.probabilities.shape
    offsets = np.arange(samples + 1, dtype=np.int32) * classes
    table = pa.table(
        {
            "url": pa.array(predictions.urls, pa.string()),
            "text": pa.array(predictions.texts, pa.string()),
            "actual": predictions.actual,
            "predicted": predictions.predicted,
            "probabilities": pa.ListArray.from_arrays(
                offsets, predictions.probabilities.astype(np.float32).ravel()
            ),
        }
    ).replace_schema_metadata({_LABELS: json.dumps(list(predictions.labels))})
    with replacing(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def load(path: Path | str) -> Predictions:
    """Read `predictions.parquet` back.

    Raises:
        UserError: there is no such file.
    """
    if not Path(path).exists():
        raise UserError("does not exist", where=Path(path).as_posix(), hint="run: dvc repro")
    table = pq.read_table(path)
    labels = json.loads(table.schema.metadata[_LABELS])
    flat = table["probabilities"].combine_chunks().flatten().to_numpy()
    return Predictions(
        labels=labels,
        urls=table["url"].to_pylist(),
        texts=table["text"].to_pylist(),
        actual=table["actual"].to_numpy(),
        probabilities=flat.reshape(-1, len(labels)),
    )
