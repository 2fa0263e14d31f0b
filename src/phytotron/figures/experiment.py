"""The figures of one evaluated experiment, as its task and its predictions allow."""

from __future__ import annotations

from pathlib import Path

from matplotlib.figure import Figure

from phytotron.evaluation.classifier import Bin
from phytotron.evaluation.predictions import FILE, ValuePredictions, load_if_there
from phytotron.evaluation.tables import read_csv
from phytotron.figures.classifier import (
    confusion_counts,
    confusion_figure,
    has_curves,
    learning_curves_figure,
    reliability_figure,
)
from phytotron.figures.regressor import predictions_figure, residuals_figure


def experiment_figures(evaluation: Path | str, model: Path | str, metric: str) -> dict[str, Figure]:
    """The figures of one experiment, as far as there is something to draw.

    `confusion` and `calibration` for predicted classes, `predictions` and `residuals` for predicted
    values; after several epochs, `learning_curves`.

    Args:
        evaluation: what the stage `evaluate` wrote, such as `build/evaluation/router/textcnn`.
        model: what the stage `train` wrote, such as `build/models/router/textcnn`.
        metric: of the comparison; its curve on the validation split is drawn beside the loss.
    """
    evaluation, model = Path(evaluation), Path(model)
    figures: dict[str, Figure] = {}
    if (evaluation / "confusion.csv").exists():
        figures |= _of_classes(evaluation)
    else:
        predictions = load_if_there(evaluation / FILE)
        if isinstance(predictions, ValuePredictions):
            pair = predictions.targets, predictions.values
            figures["predictions"] = predictions_figure(*pair)
            figures["residuals"] = residuals_figure(*pair)
    history = read_csv(model / "history.csv")
    if len(history) > 1 and has_curves(history, metric):
        figures["learning_curves"] = learning_curves_figure({model.name: history}, metric=metric)
    return figures


def _of_classes(evaluation: Path) -> dict[str, Figure]:
    labels = [row["label"] for row in read_csv(evaluation / "per_class.csv")]
    pairs = [(row["actual"], row["predicted"]) for row in read_csv(evaluation / "confusion.csv")]
    bins = [
        Bin(
            bin_low=float(row["bin_low"]),
            bin_high=float(row["bin_high"]),
            count=int(row["count"]),
            confidence=float(row["confidence"]),
            accuracy=float(row["accuracy"]),
        )
        for row in read_csv(evaluation / "calibration.csv")
    ]
    return {
        "confusion": confusion_figure(confusion_counts(pairs, labels), labels),
        "calibration": reliability_figure(bins),
    }
