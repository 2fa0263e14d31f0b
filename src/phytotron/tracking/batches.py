"""What all that write to a run share: its experiment, and logging in batches that MLflow takes.

Every one of these does nothing when it is done again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from phytotron.tracking.environment import mlflow
from phytotron.tracking.store import Store

# All tags that Phytotron sets begin with this.
TAG = "phytotron."
TRAINING = f"{TAG}training"  # the key of config and data

# Of `log_batch`, for parameters and tags, and for metrics.
BATCH, METRICS_BATCH = 100, 1000
_NAME_LENGTH = 250


def tracking_experiment(store: Store, name: str) -> str:
    """The id of the MLflow experiment of this name, made when there is none."""
    if found := store.client.get_experiment_by_name(name):
        if found.lifecycle_stage != "active":
            store.client.restore_experiment(found.experiment_id)
        return found.experiment_id
    # A server knows best where its artifacts go.
    location = None if store.is_server else f"{store.artifacts}/{name}"
    # Without its kind, the UI would show the experiment as one of language models.
    kind = {"mlflow.experimentKind": "custom_model_development"}
    try:
        return store.client.create_experiment(name, artifact_location=location, tags=kind)
    except mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
        return tracking_experiment(store, name)  # another process was faster


def flat(value: Any, prefix: str = "") -> dict[str, str]:
    """Dotted keys of a nested config; a list stays one value, what is null is left out."""
    if isinstance(value, Mapping):
        result: dict[str, str] = {}
        for key, item in value.items():
            result |= flat(item, f"{prefix}.{key}" if prefix else str(key))
        return result
    if value is None:
        return {}
    return {prefix: value if isinstance(value, str) else json.dumps(value)}


def allowed_name(name: str) -> str:
    """A name that MLflow takes for a parameter or metric: no longer, and no other characters."""
    return re.sub(r"[^\w\-. /:]", "_", name)[:_NAME_LENGTH]


def log_params(
    client: mlflow.MlflowClient, run: mlflow.entities.Run, params: Mapping[str, str]
) -> None:
    """Log the parameters that the run does not have; MLflow lets none change."""
    named = {allowed_name(key): value for key, value in params.items()}
    entities = [
        mlflow.entities.Param(key, value)
        for key, value in named.items()
        if key not in run.data.params
    ]
    for part in parts(entities, BATCH):
        client.log_batch(run.info.run_id, params=part)


def log_tags(client: mlflow.MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    entities = [mlflow.entities.RunTag(key, value) for key, value in tags.items()]
    for part in parts(entities, BATCH):
        client.log_batch(run_id, tags=part)


def log_metrics(
    client: mlflow.MlflowClient, run_id: str, metrics: Sequence[mlflow.entities.Metric]
) -> None:
    """Log metrics; one of equal name, step, time and value is there once however often it comes."""
    for part in parts(metrics, METRICS_BATCH):
        client.log_batch(run_id, metrics=part)


def parts(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
