"""A trained model with all that belongs to it: what is measured, and what figures are drawn of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phytotron.config.instantiate import instantiate
from phytotron.files import read_json
from phytotron.training.build import build_data, build_task, network_context
from phytotron.training.model_folder import (
    TRAINING,
    is_estimator,
    load_trained,
    read_config,
    read_history,
)
from phytotron.training.result import TrainingResult
from phytotron.training.trainer import measure_network


@dataclass(frozen=True)
class Trained:
    """See the module.

    Attributes:
        model: a network in evaluation mode, or an estimator.
        task: how it was trained and measured.
        data: what it was trained on; None: nothing.
        history: one row an epoch.
        metrics: by name with the split, such as `test/accuracy`.
        config: the experiment's config.
        folder: the model folder that it was read from.
    """

    model: Any
    task: Any
    data: Any
    history: list[dict[str, float | int]]
    metrics: dict[str, float]
    config: Mapping[str, Any]
    folder: Path


def read_trained(
    folder: Path, config: Mapping[str, Any] | None = None, data: Any = None
) -> Trained:
    """The model of a folder, with the metrics that its history has.

    The history's row of the model's epoch gives metrics: `train_loss` as `train/loss`,
    `val_accuracy` as `val/accuracy`.

    Args:
        folder: the model folder.
        config: the experiment's; None: what the folder has, which is the part for training.
        data: what the config's group `data` describes, if it is there already.

    Raises:
        UserError: a file is missing or damaged, or the data is not available.
    """
    own = read_config(folder)
    config = own if config is None else config
    data = build_data(own) if data is None else data
    history = read_history(folder)
    best = read_json(folder / TRAINING)["best_epoch"]
    metrics = {
        name.replace("_", "/", 1): float(value)
        for row in history
        if row["epoch"] == best
        for name, value in row.items()
        if name.startswith(("train_", "val_"))
    }
    model = load_trained(folder, network_context(data))
    task = instantiate(own["task"]) if is_estimator(model) else build_task(own, model, data)
    return Trained(model, task, data, history, metrics, config, folder)


def measured(trained: Trained) -> Trained:
    """The same with what the task measures on the test split."""
    if is_estimator(trained.model):
        found = trained.task.test(trained.model, trained.data)
    else:
        found = measure_network(trained.config, trained.task, trained.data)
    return Trained(**(vars(trained) | {"metrics": trained.metrics | found}))


def measure_saved(config: Mapping[str, Any], folder: Path, result: TrainingResult) -> Trained:
    """What was saved after a training, with all its metrics.

    Args:
        config: the experiment's.
        folder: the model folder.
        result: of the training, for its data.
    """
    return measured(read_trained(folder, config, result.data))
