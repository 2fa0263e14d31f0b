"""Scores of one model on the test split."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    precision_recall_fscore_support,
)

from phytotron.evaluation import bootstrap, pages
from phytotron.evaluation.predictions import Predictions


def scores(predictions: Predictions, *, resamples: int, seed: int) -> dict[str, float]:
    """Accuracy and macro-F1 with their 95 % intervals, and the log loss in nats.

    Macro-F1 is over the classes that have samples (see `pages.macro_f1`). The log loss is that of
    scikit-learn, which keeps each probability above the float32 epsilon, so one confident mistake
    costs 16 nats at the most.

    Args:
        predictions: of the model.
        resamples: how often the pages are drawn for the intervals.
        seed: of the draws.
    """
    actual, predicted = predictions.actual, predictions.predicted
    classes = len(predictions.labels)
    counts = pages.page_counts(predictions.urls, actual, predicted, classes)
    resampled = bootstrap.resample(counts, resamples, seed)
    accuracy_low, accuracy_high = bootstrap.interval(pages.accuracy(resampled))
    f1_low, f1_high = bootstrap.interval(pages.macro_f1(resampled))
    macro_f1 = f1_score(
        actual, predicted, labels=np.unique(actual), average="macro", zero_division=0
    )
    return {
        "accuracy": float(accuracy_score(actual, predicted)),
        "accuracy_low": accuracy_low,
        "accuracy_high": accuracy_high,
        "macro_f1": float(macro_f1),
        "macro_f1_low": f1_low,
        "macro_f1_high": f1_high,
        "log_loss": float(log_loss(actual, predictions.probabilities, labels=np.arange(classes))),
    }


def per_class(predictions: Predictions) -> list[dict[str, str | int | float]]:
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
