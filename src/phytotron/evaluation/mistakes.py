"""The most confident mistakes: where a model is wrong and does not know it."""

from __future__ import annotations

import numpy as np

from phytotron.evaluation.predictions import Predictions


def confident_mistakes(predictions: Predictions, number: int) -> list[dict[str, str | float]]:
    """The mistakes with the highest confidence, at most one from each page.

    The paragraphs of a page are often wrong together (a page of code examples, a mislabelled
    page); the one with the highest confidence stands for them.

    Args:
        predictions: of the model.
        number: how many at most.

    Returns:
        `text`, `url`, `actual` and `predicted` label names and `confidence`, the most confident
        first; equals in the order of the test split.
    """
    predicted, confidence = predictions.predicted, predictions.confidence
    wrong = np.flatnonzero(predicted != predictions.actual)
    chosen: dict[str, int] = {}
    for row in wrong[np.argsort(-confidence[wrong], kind="stable")].tolist():
        if len(chosen) >= number:
            break
        chosen.setdefault(predictions.urls[row], row)
    return [
        {
            "text": predictions.texts[row],
            "url": url,
            "actual": predictions.labels[predictions.actual[row]],
            "predicted": predictions.labels[predicted[row]],
            "confidence": round(float(confidence[row]), 6),
        }
        for url, row in chosen.items()
    ]
