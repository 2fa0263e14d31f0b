"""One MLflow run per experiment, complete however often its making was interrupted.

A run is found again by its identity, a hash over what it describes. Each step either does nothing
the second time (equal parameters, tags, metrics of equal time and step) or looks first whether it
has been done; the run's status becomes FINISHED at the very end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from omegaconf import OmegaConf

from phytotron.evaluation.figures import experiment_figures, save
from phytotron.evaluation.tables import read_csv
from phytotron.files import read_json, sha256, write_text
from phytotron.tracking.contender import IDENTITY, TAG, Contender, LoggedRun
from phytotron.tracking.environment import mlflow
from phytotron.tracking.model import log_model
from phytotron.tracking.provenance import Provenance, training_facts
from phytotron.tracking.store import Store, user

# Of `log_batch`, for parameters and tags, and for metrics.
_BATCH, _METRICS_BATCH = 100, 1000
TEST_DATA, TRAINING_DATA = "test split", "processed data"
_DIGEST_LENGTH = 32  # MLflow holds 36 characters
_MODEL_FACTS = ("parameters", "size_bytes")


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
    return store.client.create_experiment(name, artifact_location=location, tags=kind)


def log_contender(
    store: Store, experiment_id: str, contender: Contender, provenance: Provenance
) -> LoggedRun:
    """Make the contender's run, or complete the one that an interrupted registration left.

    Args:
        store: the open store.
        experiment_id: the MLflow experiment that holds the runs.
        contender: what to log.
        provenance: the state of the repository.
    """
    client = store.client
    run = _find_run(client, experiment_id, contender.identity)
    if run is None:
        run = client.create_run(
            experiment_id, run_name=contender.experiment, tags=_first_tags(contender, provenance)
        )
    run_id = run.info.run_id
    model_id = _logged_model(client, experiment_id, run_id, contender)
    if run.info.status == "FINISHED":
        return LoggedRun(run_id, model_id)
    tags, times = training_facts(contender.timing)
    config = OmegaConf.to_container(OmegaConf.load(contender.model / "config.yaml"))
    _log_params(client, run_id, flat(config))
    _log_tags(client, run_id, _tags(contender, dict(provenance.tags) | tags))
    _log_metrics(client, run, model_id, contender, times)
    client.log_inputs(run_id, datasets=_datasets(contender, provenance))
    if not (run.outputs and run.outputs.model_outputs):
        client.log_outputs(run_id, [mlflow.entities.LoggedModelOutput(model_id, step=0)])
    _log_artifacts(client, run_id, contender, provenance)
    client.set_terminated(run_id)
    return LoggedRun(run_id, model_id)


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


def _find_run(client: mlflow.MlflowClient, experiment_id: str, identity: str) -> Any:
    found = client.search_runs(
        [experiment_id], f"tags.`{IDENTITY}` = '{identity}'", order_by=["start_time ASC"]
    )
    return found[0] if found else None


def _logged_model(
    client: mlflow.MlflowClient, experiment_id: str, run_id: str, contender: Contender
) -> str:
    """The id of the run's logged model, made and uploaded unless it is complete."""
    found = client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'")
    model = (
        found[0]
        if found
        else client.create_logged_model(
            experiment_id,
            name=contender.experiment.replace("/", "-"),
            source_run_id=run_id,
            model_type="classifier",
            tags={IDENTITY: contender.identity, f"{TAG}experiment": contender.experiment},
        )
    )
    model_id = model.model_id
    uploaded = {file.path for file in client.list_logged_model_artifacts(model_id)}
    if str(model.status) != "READY" or "MLmodel" not in uploaded:
        log_model(contender.model, client, model)
        client.finalize_logged_model(model_id, "READY")
    return model_id


def _first_tags(contender: Contender, provenance: Provenance) -> dict[str, str]:
    tags = {
        IDENTITY: contender.identity,
        "mlflow.source.name": "phytotron.stages.register",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": user(),
    }
    if commit := provenance.tags.get("commit"):
        tags["mlflow.source.git.commit"] = commit
    return tags


def _tags(contender: Contender, facts: Mapping[str, str]) -> dict[str, str]:
    tags = {f"{TAG}{name}": value for name, value in facts.items()}
    config = OmegaConf.load(contender.model / "config.yaml")
    tags |= {
        f"{TAG}experiment": contender.experiment,
        f"{TAG}digest": contender.digest,
        f"{TAG}test_set": contender.test_set,
        f"{TAG}config": sha256(contender.model / "config.yaml"),
        f"{TAG}stopped": read_json(contender.model / "training.json")["stopped"],
    }
    if "seed" in config:
        tags[f"{TAG}seed"] = str(config.seed)
    return tags


def _log_params(client: mlflow.MlflowClient, run_id: str, params: Mapping[str, str]) -> None:
    entities = [mlflow.entities.Param(key, value) for key, value in params.items()]
    for part in _parts(entities, _BATCH):
        client.log_batch(run_id, params=part)


def _log_tags(client: mlflow.MlflowClient, run_id: str, tags: Mapping[str, str]) -> None:
    entities = [mlflow.entities.RunTag(key, value) for key, value in tags.items()]
    for part in _parts(entities, _BATCH):
        client.log_batch(run_id, tags=part)


def _log_metrics(
    client: mlflow.MlflowClient,
    run: mlflow.entities.Run,
    model_id: str,
    contender: Contender,
    times: Mapping[str, float],
) -> None:
    """Log the history by step, and the results linked with the model and the test set.

    All have the time of the run's start: so logging them again changes nothing.
    """
    time = run.info.start_time
    history = read_csv(contender.model / "history.csv")
    metrics = [
        mlflow.entities.Metric(name, float(row[name]), time, int(float(row["step"])))
        for row in history
        for name in row
        if name != "step" and row[name] not in (None, "")
    ]
    last = metrics[-1].step if metrics else 0
    results = {
        f"{'model' if name in _MODEL_FACTS else 'test'}/{name}": value
        for name, value in contender.metrics.items()
    }
    metrics += [
        mlflow.entities.Metric(
            name,
            float(value),
            time,
            last,
            model_id=model_id,
            dataset_name=TEST_DATA if name.startswith("test/") else None,
            dataset_digest=_short(contender.test_set) if name.startswith("test/") else None,
            run_id=run.info.run_id,
        )
        for name, value in results.items()
    ]
    metrics += [
        mlflow.entities.Metric(f"training/{name}", value, time, last)
        for name, value in times.items()
    ]
    for part in _parts(metrics, _METRICS_BATCH):
        client.log_batch(run.info.run_id, metrics=part)


def _datasets(contender: Contender, provenance: Provenance) -> list[mlflow.entities.DatasetInput]:
    """The test split by its hash, and the processed data by the digest that DVC gave it."""
    digests = {"test": (TEST_DATA, contender.test_set)}
    if processed := json.loads(provenance.tags.get("data", "{}")).get("data/processed"):
        digests["training"] = (TRAINING_DATA, processed.partition(":")[2])
    return [
        mlflow.entities.DatasetInput(
            mlflow.entities.Dataset(
                name=name,
                digest=_short(digest),
                source_type="local",
                source=json.dumps({"uri": "data/processed"}),
            ),
            [mlflow.entities.InputTag("mlflow.data.context", context)],
        )
        for context, (name, digest) in digests.items()
    ]


def _log_artifacts(
    client: mlflow.MlflowClient, run_id: str, contender: Contender, provenance: Provenance
) -> None:
    """Figures, tables and mistakes of the evaluation, and the files of the provenance."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for figure, content in experiment_figures(contender.evaluation, contender.model).items():
            save(content, folder / f"figures/{figure}.png")
        for file, text in provenance.files.items():
            write_text(folder / "provenance" / file, text)
        client.log_artifacts(run_id, name)
    client.log_artifacts(run_id, str(contender.evaluation), "evaluation")


def _short(digest: str) -> str:
    """As much of a digest as MLflow's data sets hold."""
    return digest[:_DIGEST_LENGTH]


def _parts(items: Sequence[Any], size: int) -> Iterator[list[Any]]:
    for start in range(0, len(items), size):
        yield list(items[start : start + size])
