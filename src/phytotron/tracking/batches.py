"""Writing to an MLflow run: its experiment, and parameters, tags and metrics in batches.

Each function here is idempotent: a sender that was killed repeats its last call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from phytotron.tracking.environment import mlflow
from phytotron.tracking.store import Store

# The most that MLflow's `log_batch` takes in one request: parameters or tags, and metrics.
BATCH, METRICS_BATCH = 100, 1000
_NAME_LENGTH = 250


def tracking_experiment(store: Store, name: str) -> str:
    """The id of the MLflow experiment of this name, made when there is none."""
    if found := store.client.get_experiment_by_name(name):
        # MLflow keeps the name of a deleted experiment, so a second one cannot be made.
        if found.lifecycle_stage != "active":
            store.client.restore_experiment(found.experiment_id)
        return found.experiment_id
    # A server decides where its artifacts are kept.
    location = None if store.is_server else f"{store.artifacts}/{name}"
    # Without this tag the UI would show the experiment as one of language models.
    kind = {"mlflow.experimentKind": "custom_model_development"}
    try:
        return store.client.create_experiment(name, artifact_location=location, tags=kind)
    except mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return tracking_experiment(store, name)  # another process was faster


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """A nested config as one level of dotted keys.

    A list stays one value, and what is null is left out.
    """
    if isinstance(value, Mapping):
        result: dict[str, str] = {}
        for key, item in value.items():
            result |= flat(item, f"{prefix}.{key}" if prefix else str(key))
        return result
    if value is None:
        return {}
    return {prefix: value if isinstance(value, str) else json.dumps(value)}


def allowed_name(name: str) -> str:
    """A name that MLflow accepts for a parameter or metric: of allowed length and characters."""
    return re.sub(r"[^\w\-. /:]", "_", name)[:_NAME_LENGTH]


def log_params(
    client: mlflow.MlflowClient, run: mlflow.entities.Run, params: Mapping[str, str]
) -> None:
    """Log the parameters that the run does not have yet. MLflow lets none be changed."""
    named = {allowed_name(key): value for key, value in params.items()}
    entities = [
        mlflow.entities.Param(key, value)
        for key, value in named.items()
        if key not in run.data.params
    ]
    for part in parts(entities, BATCH):
        client.log_batch(run.info.run_id, params=part)


def log_tags(client: mlflow.MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    """Set tags of a run; one that is there gets the new value."""
    entities = [mlflow.entities.RunTag(key, value) for key, value in tags.items()]
    for part in parts(entities, BATCH):
        client.log_batch(run_id, tags=part)


def log_metrics(
    client: mlflow.MlflowClient, run_id: str, metrics: Sequence[mlflow.entities.Metric]
) -> None:
    """Log metrics. MLflow keeps one of those with equal name, step, time and value."""
    for part in parts(metrics, METRICS_BATCH):
        client.log_batch(run_id, metrics=part)


def parts(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    """The items in lists of at most `size`."""
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
