"""The predictions of a model on the test split, sample by sample.

The file holds everything that the metrics need, so that each number can be computed again from it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from phytotron.errors import UserError
from phytotron.evaluation.statistics import (
    CLASS_METRICS,
    VALUE_METRICS,
    Counts,
    Metric,
    Sums,
    count_classes,
    sum_errors,
)
from phytotron.files import replacing

FILE = "predictions.parquet"
_LABELS = b"labels"


@dataclass(frozen=True)
class ClassPredictions:
    """The predictions of a classifier.

    Attributes:
        labels: label names; the position is the class id.
        groups: the page or other group of each sample; None: each sample is a group, known by its
            row.
        texts: what people read of each sample; None: nothing.
        actual: true class ids, int64, shape (samples,).
        probabilities: float32, shape (samples, classes); each row sums to 1.
    """

    labels: Sequence[str]
    groups: Sequence[str] | None
    texts: Sequence[str] | None
    actual: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    def __post_init__(self) -> None:
        samples = len(self.actual)
        assert self.actual.shape == (samples,)
        assert self.probabilities.shape == (samples, len(self.labels))
        _check(self, samples, self.probabilities, "probabilities")

    def __len__(self) -> int:
        return len(self.actual)

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each sample (the first of equals), shape (samples,)."""
        return self.probabilities.argmax(axis=1)

    @property
    def confidence(self) -> NDArray[np.float32]:
        """The probability of the predicted class, shape (samples,)."""
        return self.probabilities.max(axis=1)

    @property
    def metrics(self) -> dict[str, Metric]:
        """What can be computed from `statistics`, by name."""
        return CLASS_METRICS

    def statistics(self) -> Counts:
        """Counts of each group."""
        groups = _group_ids(self.groups, len(self))
        return count_classes(groups, self.actual, self.predicted, len(self.labels))

    def test_set(self) -> str:
        """SHA-256 of what identifies the samples and of their label names, in order: predictions of
        equal test sets can be paired row by row."""
        targets = [self.labels[label] for label in self.actual.tolist()]
        return _digest(self.texts, targets)


@dataclass(frozen=True)
class ValuePredictions:
    """The predictions of a model that gives real values.

    Attributes:
        groups, texts: see `ClassPredictions`.
        targets: shape (samples, outputs).
        values: what was predicted, of the same shape.
    """

    groups: Sequence[str] | None
    texts: Sequence[str] | None
    targets: NDArray[np.float32]
    values: NDArray[np.float32]

    def __post_init__(self) -> None:
        assert self.targets.ndim == 2
        assert self.targets.shape == self.values.shape
        _check(self, len(self.targets), self.values, "values")

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def metrics(self) -> dict[str, Metric]:
        """What can be computed from `statistics`, by name."""
        return VALUE_METRICS

    def statistics(self) -> Sums:
        """Sums of each group."""
        return sum_errors(_group_ids(self.groups, len(self)), self.targets, self.values)

    def test_set(self) -> str:
        """SHA-256 of what identifies the samples and of their targets, in order."""
        return _digest(self.texts, self.targets.tolist())


Predictions = ClassPredictions | ValuePredictions


def save(predictions: Predictions, path: Path | str) -> None:
    """Write `predictions.parquet`; the label names are in the metadata of its schema."""
    columns: dict[str, Any] = {}
    if predictions.groups is not None:
        columns["url"] = pa.array(predictions.groups, pa.string())
    if predictions.texts is not None:
        columns["text"] = pa.array(predictions.texts, pa.string())
    if isinstance(predictions, ClassPredictions):
        columns["actual"] = predictions.actual
        columns["predicted"] = predictions.predicted
        columns["probabilities"] = _lists(predictions.probabilities)
        table = pa.table(columns).replace_schema_metadata(
            {_LABELS: json.dumps(list(predictions.labels))}
        )
    else:
        columns["target"] = _lists(predictions.targets)
        columns["value"] = _lists(predictions.values)
        table = pa.table(columns)
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
    groups = table["url"].to_pylist() if "url" in table.column_names else None
    texts = table["text"].to_pylist() if "text" in table.column_names else None
    if "probabilities" not in table.column_names:
        return ValuePredictions(groups, texts, _array(table["target"]), _array(table["value"]))
    return ClassPredictions(
        labels=json.loads(table.schema.metadata[_LABELS]),
        groups=groups,
        texts=texts,
        actual=table["actual"].to_numpy(),
        probabilities=_array(table["probabilities"]),
    )


def load_if_there(path: Path) -> Predictions | None:
    """The predictions in a file; None where there are none for each sample."""
    return load(path) if path.exists() else None


def _check(predictions: Predictions, samples: int, outputs: NDArray[np.float32], kind: str) -> None:
    assert predictions.groups is None or len(predictions.groups) == samples
    assert predictions.texts is None or len(predictions.texts) == samples
    if samples == 0:
        raise UserError("there is nothing to evaluate: the test split is empty")
    if not np.isfinite(outputs).all():
        raise UserError(
            f"the model gives {kind} that are not finite: its training diverged",
            hint="lower the learning rate or clip the gradient",
        )


def _group_ids(groups: Sequence[str] | None, samples: int) -> Sequence[Any]:
    return range(samples) if groups is None else groups


def _digest(texts: Sequence[str] | None, targets: Sequence[Any]) -> str:
    """A hash of the samples, by their texts or else their rows, with their targets."""
    digest = hashlib.sha256()
    samples: Sequence[Any] = range(len(targets)) if texts is None else texts
    for sample, target in zip(samples, targets, strict=True):
        digest.update(json.dumps([sample, target]).encode() + b"\n")
    return digest.hexdigest()


def _lists(rows: NDArray[np.float32]) -> pa.Array:
    """An array of shape (samples, n) as a column of lists."""
    samples, width = rows.shape
    offsets = np.arange(samples + 1, dtype=np.int32) * width
    return pa.ListArray.from_arrays(offsets, rows.astype(np.float32).ravel())


def _array(column: pa.ChunkedArray) -> NDArray[np.float32]:
    flat = column.combine_chunks().flatten().to_numpy()
    return flat.reshape(len(column), -1)
