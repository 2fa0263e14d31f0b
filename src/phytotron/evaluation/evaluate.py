"""One trained model on the test split: predictions, metrics, tables and mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from phytotron.data.paragraphs import load_labels, load_split
from phytotron.errors import UserError
from phytotron.evaluation.calibration import calibration_bins, expected_calibration_error
from phytotron.evaluation.metrics import per_class, scores
from phytotron.evaluation.mistakes import confident_mistakes
from phytotron.evaluation.predictions import Predictions, save
from phytotron.evaluation.tables import rounded, write_csv
from phytotron.files import read_json, replacing_folder, write_json
from phytotron.training.model_folder import load_model


def predict(model_folder: Path, data: Path) -> Predictions:
    """What a trained model says about the test split.

    Args:
        model_folder: what the stage `train` wrote.
        data: what the stage `preprocess` wrote.

    Raises:
        UserError: the model was trained on other labels, or its probabilities are not finite.
    """
    model = load_model(model_folder)
    labels = load_labels(data)
    if list(model.labels) != labels:
        raise UserError(
            f"the model knows {len(model.labels)} labels that are not the {len(labels)} of {data}",
            where=str(model_folder),
            hint="run: dvc repro",
        )
    test = load_split(data, "test")
    return Predictions(
        labels=labels,
        urls=test.urls,
        texts=test.texts,
        actual=test.labels,
        probabilities=model.predict_proba(test.texts).astype(np.float32),
    )


def evaluate(
    predictions: Predictions,
    model_folder: Path,
    out: Path,
    metrics_file: Path,
    settings: Mapping[str, Any],
    seed: int,
) -> dict[str, float]:
    """Write the evaluation folder and the metrics file, as docs/pipeline.md says.

    Args:
        predictions: from `predict`.
        model_folder: what the stage `train` wrote.
        out: the evaluation folder.
        metrics_file: the metrics, as JSON.
        settings: `bootstrap`, `mistakes` and `calibration_bins` of the config's key `evaluate`.
        seed: of the bootstrap.

    Returns:
        The metrics.
    """
    right = predictions.predicted == predictions.actual
    bins = calibration_bins(predictions.confidence, right, settings["calibration_bins"])
    training = read_json(model_folder / "training.json")
    metrics = {
        **scores(predictions, resamples=settings["bootstrap"], seed=seed),
        "calibration_error": expected_calibration_error(bins),
        "parameters": training["parameters"],
        "size_bytes": training["size_bytes"],
        "samples": len(predictions.texts),
    }
    names = np.asarray(predictions.labels, dtype=object)
    confusion = zip(names[predictions.actual], names[predictions.predicted], strict=True)
    with replacing_folder(out) as folder:
        save(predictions, folder / "predictions.parquet")
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
    write_json(metrics_file, rounded(metrics))
    return metrics


def summary(experiment: str, metrics: Mapping[str, float]) -> str:
    """The metrics that matter most, on one line."""
    return (
        f"{experiment}: macro-F1 {metrics['macro_f1']:.3f} "
        f"[{metrics['macro_f1_low']:.3f}, {metrics['macro_f1_high']:.3f}], "
        f"accuracy {metrics['accuracy']:.3f} on {metrics['samples']} paragraphs"
    )
