"""The most confident mistakes: where a model is wrong and does not know it."""

from __future__ import annotations

import numpy as np

from phytotron.evaluation.predictions import ClassPredictions


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
