"""One trained model on the test split: predictions, metrics, tables and mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phytotron.errors import UserError, did_you_mean
from phytotron.evaluation.calibration import calibration_bins, expected_calibration_error
from phytotron.evaluation.metric_names import metric_name
from phytotron.evaluation.metrics import per_class, scores
from phytotron.evaluation.mistakes import confident_mistakes
from phytotron.evaluation.outputs import test_predictions
from phytotron.evaluation.predictions import FILE, ClassPredictions, Predictions, save
from phytotron.evaluation.tables import rounded, write_csv
from phytotron.evaluation.trained import Trained, measured
from phytotron.files import read_json, replacing_folder, write_json
from phytotron.training.model_folder import TRAINING

METRICS = "metrics.json"


@dataclass(frozen=True)
class Evaluation:
    """What is known of a model after its evaluation.

    Attributes:
        metrics: flat, without the split: `macro_f1`, `macro_f1_low`, `parameters`.
        predictions: for each sample; None where the model cannot be asked so.
    """

    metrics: dict[str, float]
    predictions: Predictions | None


def evaluate(
    trained: Trained,
    metric: str,
    out: Path,
    settings: Mapping[str, Any],
    seed: int,
) -> Evaluation:
    """Write the evaluation folder, as docs/pipeline.md says.

    The metrics are computed from the predictions, where there are any. The task measures what does
    not follow from them, such as the BLEU of translations.

    Args:
        trained: the model.
        metric: the metric that is compared, with the split, such as `test/macro_f1`.
        out: the evaluation folder.
        settings: `bootstrap`, `mistakes` and `calibration_bins` of the config's key `evaluate`.
        seed: of the bootstrap.

    Raises:
        UserError: the experiment does not measure the metric.
    """
    split, _, name = metric.partition("/")
    predictions = test_predictions(trained)
    training = read_json(trained.folder / TRAINING)
    metrics: dict[str, float] = {}
    from_predictions = predictions is not None and split == "test" and name in predictions.metrics
    if not from_predictions:
        metrics |= _by_task(trained, metric)
    if predictions is not None:
        resamples = settings["bootstrap"]
        metrics |= scores(predictions, resamples=resamples, seed=seed, wanted=[name])
        if not from_predictions and split != "test":
            metrics[name] = trained.metrics[metric]
    with replacing_folder(out) as folder:
        if predictions is not None:
            save(predictions, folder / FILE)
        if isinstance(predictions, ClassPredictions):
            metrics["calibration_error"] = _write_tables(predictions, folder, settings)
        metrics |= {"parameters": training["parameters"], "size_bytes": training["size_bytes"]}
        if predictions is not None:
            metrics["samples"] = len(predictions)
        if not from_predictions:
            # What `compare` reads in the place of predictions.
            write_json(folder / METRICS, rounded(metrics))
    return Evaluation(rounded(metrics), predictions)


def _by_task(trained: Trained, metric: str) -> dict[str, float]:
    """All that the task measures on the test split, and the metric of whatever split."""
    if metric not in trained.metrics:
        trained = measured(trained)
    if metric not in trained.metrics:
        raise UserError(
            f"the experiment does not measure '{metric}'",
            where=trained.folder.as_posix(),
            allowed=", ".join(sorted(trained.metrics)),
            hint=did_you_mean(metric, trained.metrics),
        )
    found = {
        name.removeprefix("test/"): value
        for name, value in trained.metrics.items()
        if name.startswith("test/")
    }
    return found | {metric.partition("/")[2]: trained.metrics[metric]}


def _write_tables(
    predictions: ClassPredictions, folder: Path, settings: Mapping[str, Any]
) -> float:
    """Write the tables of a classifier; its expected calibration error."""
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


def summary(experiment: str, metric: str, metrics: Mapping[str, float]) -> str:
    """The metrics that matter most, on one line.

    Args:
        experiment: its id.
        metric: the metric that is compared, without the split.
        metrics: see `Evaluation`.
    """
    text = f"{experiment}: {metric_name(metric)} {metrics[metric]:.3f}"
    if f"{metric}_low" in metrics:
        text += f" [{metrics[f'{metric}_low']:.3f}, {metrics[f'{metric}_high']:.3f}]"
    if metric != "accuracy" and "accuracy" in metrics:
        text += f", accuracy {metrics['accuracy']:.3f}"
    return text + (f" on {metrics['samples']} test samples" if "samples" in metrics else "")
