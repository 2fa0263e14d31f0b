"""One trained model on the test split: predictions, metrics, tables and mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import log_loss
from torch import Tensor, nn

from phytotron.errors import UserError, did_you_mean
from phytotron.evaluation.classifier import write_tables
from phytotron.evaluation.predictions import (
    FILE,
    ClassPredictions,
    Predictions,
    ValuePredictions,
    save,
)
from phytotron.evaluation.statistics import interval, resample
from phytotron.evaluation.tables import metric_name, rounded
from phytotron.evaluation.trained import Trained, measured
from phytotron.files import read_json, replacing_folder, write_json
from phytotron.tasks.answers import CLASSES
from phytotron.training.model_folder import TRAINING, class_names, load_model

METRICS = "metrics.json"

_CLASSES = ("accuracy", "macro_f1")
_VALUES = ("mae", "r2", "rmse")
_AT_ONCE = 500  # samples that go through a network at once


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
            metrics["calibration_error"] = write_tables(predictions, folder, settings)
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


def test_predictions(trained: Trained) -> Predictions | None:
    """The prediction for each sample of the test split; None for a model without such predictions.

    Where the data has raw samples, such as texts, the saved model reads them in the same way as in
    use.

    Raises:
        UserError: the test split is empty, the outputs are not finite, or the model knows other
            labels than the data.
    """
    answers = trained.task.answers(trained.data)
    if answers is None or getattr(trained.data, "test", None) is None:
        return None
    groups = texts = None
    if hasattr(trained.data, "test_samples"):
        model, samples = load_model(trained.folder), trained.data.test_samples()
        _check_labels(trained, model.labels)
        found, targets = model.predict(samples.inputs), samples.targets
        groups, texts = samples.groups, samples.texts
    else:
        outputs, targets = map(np.asarray, trained.task.test_outputs(trained.model, trained.data))
        found = answers.of_outputs(outputs)
    if answers.kind != CLASSES:
        if targets.shape != found.shape:
            return None  # such as several values of a series for each sample
        return ValuePredictions(groups, texts, targets, found.astype(np.float32))
    targets = targets.reshape(len(targets), -1)
    if targets.shape[1] != 1:
        return None  # several classes for each sample
    return ClassPredictions(
        class_names(trained.data),
        groups,
        texts,
        targets[:, 0].astype(np.int64),
        found.astype(np.float32),
    )


def _check_labels(trained: Trained, labels: list[str] | None) -> None:
    known = class_names(trained.data)
    if labels is not None and list(labels) != known:
        raise UserError(
            f"the model knows {len(labels)} labels that are not the {len(known)} of its data",
            where=trained.folder.as_posix(),
            hint="run: dvc repro",
        )


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


def class_scores(model: nn.Module, inputs: Tensor) -> Tensor:
    """Outputs of a network in evaluation mode for any number of samples, shape (samples, ...)."""
    with torch.no_grad():
        return torch.cat([model(part) for part in inputs.split(_AT_ONCE)])


def predicted_classes(trained: Trained, inputs: Any) -> NDArray[np.int64]:
    """The class id that a network or an estimator gives each sample, shape (samples,)."""
    if isinstance(trained.model, nn.Module):
        return class_scores(trained.model, inputs).argmax(1).numpy()
    return np.asarray(trained.model.predict(np.asarray(inputs)))


def test_classes(trained: Trained) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The right class id and the predicted one of each test sample, both of shape (samples,)."""
    if isinstance(trained.model, nn.Module):
        outputs, targets = trained.task.test_outputs(trained.model, trained.data)
        return targets.numpy(), outputs.argmax(1).numpy()
    inputs, targets = trained.data.test
    return np.asarray(targets), predicted_classes(trained, inputs)
