"""Scores of one model on the test split."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from sklearn.metrics import log_loss, precision_recall_fscore_support

from phytotron.evaluation.bootstrap import interval, resample
from phytotron.evaluation.predictions import ClassPredictions, Predictions

_CLASSES = ("accuracy", "macro_f1")
_VALUES = ("mae", "r2", "rmse")


def scores(
    predictions: Predictions, *, resamples: int, seed: int, wanted: Iterable[str] = ()
) -> dict[str, float]:
    """The usual metrics with their 95 % intervals, and those that are wanted besides.

    Of a classifier also the log loss in nats. It is that of scikit-learn, which keeps each
    probability above the float32 epsilon, so one confident mistake costs 16 nats at the most.

    Args:
        predictions: of the model.
        resamples: how often the groups are drawn for the intervals.
        seed: of the draws.
        wanted: further metrics; those that do not follow from the predictions are left out.
    """
    statistics = predictions.statistics()
    resampled, total = resample(statistics, resamples, seed), statistics.total()
    usual = _CLASSES if isinstance(predictions, ClassPredictions) else _VALUES
    found: dict[str, float] = {}
    for name in dict.fromkeys([*usual, *wanted]):
        if name not in predictions.metrics:
            continue
        metric = predictions.metrics[name]
        low, high = interval(metric(resampled))
        found |= {name: float(metric(total)), f"{name}_low": low, f"{name}_high": high}
    if isinstance(predictions, ClassPredictions):
        labels = np.arange(len(predictions.labels))
        found["log_loss"] = float(
            log_loss(predictions.actual, predictions.probabilities, labels=labels)
        )
    return found


def per_class(predictions: ClassPredictions) -> list[dict[str, str | int | float]]:
    """Support, precision, recall and F1 of each label, in the order of the class ids.

    A share of nothing is 0: the precision of a class that was never predicted, the recall of a
    class without samples.
    """
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
