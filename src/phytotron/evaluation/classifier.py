"""What is known of a classifier besides its metrics: classes, confusion, calibration, mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phytotron.errors import UserError
from phytotron.evaluation.predictions import ClassPredictions
from phytotron.evaluation.tables import write_csv
from phytotron.files import write_json


def write_tables(predictions: ClassPredictions, folder: Path, settings: Mapping[str, Any]) -> float:
    """Write `per_class.csv`, `confusion.csv`, `calibration.csv` and `mistakes.json`.

    Args:
        predictions: of the classifier.
        folder: where to.
        settings: `mistakes` and `calibration_bins` of the config's key `evaluate`.

    Returns:
        The expected calibration error.
    """
    right = predictions.predicted == predictions.actual
    bins = calibration_bins(predictions.confidence, right, settings["calibration_bins"])
    names = np.asarray(predictions.labels, dtype=object)
    confusion = zip(names[predictions.actual], names[predictions.predicted], strict=True)
    write_csv(
        folder / "per_class.csv",
        ["label", "support", "precision", "recall", "f1"],
        per_class(predictions),
    )
    write_csv(
        folder / "confusion.csv",
        ["actual", "predicted"],
        ({"actual": actual, "predicted": guess} for actual, guess in confusion),
    )
    write_csv(
        folder / "calibration.csv",
        ["bin_low", "bin_high", "count", "confidence", "accuracy"],
        map(asdict, bins),
    )
    write_json(folder / "mistakes.json", confident_mistakes(predictions, settings["mistakes"]))
    return expected_calibration_error(bins)


def per_class(predictions: ClassPredictions) -> list[dict[str, str | int | float]]:
    """Support, precision, recall and F1 of each label, in the order of the class ids.

    A share of nothing is 0: the precision of a class that was never predicted, the recall of a
    class without samples.
    """
    # Here: the report reads the tables, and needs neither scikit-learn nor pandas for that.
    from sklearn.metrics import precision_recall_fscore_support

    columns = precision_recall_fscore_support(
        predictions.actual,
        predictions.predicted,
        labels=np.arange(len(predictions.labels)),
        zero_division=0,
    )
    return [
        {
            "label": label,
            "support": int(support),
            "precision": float(precision),
            "recall": float(recall),
            "f1": float(f1),
        }
        for label, precision, recall, f1, support in zip(predictions.labels, *columns, strict=True)
    ]


# Calibration: does a model that says 80 % hit 80 % of the time?


@dataclass(frozen=True)
class Bin:
    """The samples whose confidence is above `bin_low` and at most `bin_high`.

    Attributes:
        bin_low, bin_high: the limits of the confidence.
        count: how many samples; never 0.
        confidence: their mean confidence.
        accuracy: the share of them that is right.
    """

    bin_low: float
    bin_high: float
    count: int
    confidence: float
    accuracy: float


def calibration_bins(confidence: ArrayLike, right: ArrayLike, bins: int) -> list[Bin]:
    """Group samples by confidence into bins of equal width.

    Args:
        confidence: the probability of each predicted class, 0 to 1, shape (samples,).
        right: whether each prediction is right, shape (samples,).
        bins: how many bins of the width 1 / bins.

    Returns:
        The bins that have samples, in rising order.
    """
    if bins < 1:
        raise UserError(f"{bins} calibration bins", allowed="1 or more")
    confidence = np.asarray(confidence, dtype=np.float64)
    right = np.asarray(right, dtype=np.float64)
    edges = np.linspace(0, 1, bins + 1)
    # `left` puts a confidence that is equal to an edge below it; 0 itself belongs to the first bin.
    index: NDArray[np.intp] = np.searchsorted(edges, confidence, side="left") - 1
    index = index.clip(0, bins - 1)
    counts = np.bincount(index, minlength=bins)
    confidences = np.bincount(index, weights=confidence, minlength=bins)
    hits = np.bincount(index, weights=right, minlength=bins)
    return [
        Bin(
            bin_low=float(edges[i]),
            bin_high=float(edges[i + 1]),
            count=int(counts[i]),
            confidence=float(confidences[i] / counts[i]),
            accuracy=float(hits[i] / counts[i]),
        )
        for i in np.flatnonzero(counts)
    ]


def expected_calibration_error(bins: list[Bin]) -> float:
    """The mean gap between confidence and accuracy of the bins, weighted by their samples; 0 to 1.

    Guo et al., On Calibration of Modern Neural Networks, 2017, equation 3.
    """
    samples = sum(one.count for one in bins)
    return sum(one.count * abs(one.accuracy - one.confidence) for one in bins) / samples


# Mistakes: where a model is wrong and does not know it.


def confident_mistakes(
    predictions: ClassPredictions, number: int
) -> list[dict[str, str | int | float]]:
    """The mistakes with the highest confidence, at most one from each group.

    The paragraphs of a page are often wrong together (a page of code examples, a mislabelled
    page); the one with the highest confidence stands for them.

    Args:
        predictions: of the model.
        number: how many at most.

    Returns:
        What is known of the sample (`text` and `url`, or else its row as `sample`), `actual` and
        `predicted` label names and `confidence`, the most confident first; equals in the order of
        the test split.
    """
    predicted, confidence = predictions.predicted, predictions.confidence
    wrong = np.flatnonzero(predicted != predictions.actual)
    chosen: dict[str | int, int] = {}
    for row in wrong[np.argsort(-confidence[wrong], kind="stable")].tolist():
        if len(chosen) >= number:
            break
        chosen.setdefault(row if predictions.groups is None else predictions.groups[row], row)
    return [
        {
            **_described(predictions, row),
            "actual": predictions.labels[predictions.actual[row]],
            "predicted": predictions.labels[predicted[row]],
            "confidence": round(float(confidence[row]), 6),
        }
        for row in chosen.values()
    ]


def _described(predictions: ClassPredictions, row: int) -> dict[str, str | int | float]:
    known: dict[str, str | int | float] = {}
    if predictions.texts is not None:
        known["text"] = predictions.texts[row]
    if predictions.groups is not None:
        known["url"] = predictions.groups[row]
    return known or {"sample": row}
