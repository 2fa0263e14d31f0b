"""One MLflow run per experiment, complete however often its making was interrupted.

It is the run that the training filled while it went on, if there is one, else a new one. It is
found again by its identity, a hash over what it describes. Each step either does nothing the second
time (parameters, tags, metrics of equal time and step) or looks first whether it has been done; at
the very end the run is marked as complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from omegaconf import OmegaConf

from phytotron.figures.classifier import save
from phytotron.figures.experiment import experiment_figures
from phytotron.files import read_json, sha256, write_text
from phytotron.registry.evaluated_model import IDENTITY, EvaluatedModel, LoggedRun
from phytotron.registry.mlflow_model import log_model
from phytotron.tasks.answers import CLASSES, VALUES
from phytotron.tracking.environment import TAG, TRAINING, mlflow
from phytotron.tracking.live import flat, log_metrics, log_params, log_tags, training_run
from phytotron.tracking.provenance import Provenance, training_facts
from phytotron.tracking.store import Store, user
from phytotron.training.model_folder import model_kind, read_config, read_history

COMPLETE = f"{TAG}complete"
TEST_DATA, TRAINING_DATA = "test split", "processed data"
_DIGEST_LENGTH = 32  # MLflow holds 36 characters
_MODEL_FACTS = ("parameters", "size_bytes")
_MODEL_TYPES = {CLASSES: "classifier", VALUES: "regressor"}  # in MLflow's words


def log_run(
    store: Store, experiment_id: str, evaluated: EvaluatedModel, provenance: Provenance
) -> LoggedRun:
    """Make the experiment's run, or complete the one that its training or a registration left.

    Args:
        store: the open store.
        experiment_id: the MLflow experiment that holds the runs.
        evaluated: what to log.
        provenance: the state of the repository.
    """
    client = store.client
    run = _find_run(client, experiment_id, evaluated)
    if run is None:
        run = client.create_run(
            experiment_id, run_name=evaluated.experiment, tags=_first_tags(evaluated, provenance)
        )
    run_id = run.info.run_id
    model_id = _logged_model(client, experiment_id, run_id, evaluated)
    if _is_complete(run):
        return LoggedRun(run_id, model_id)
    tags, times = training_facts(evaluated.timing)
    config = OmegaConf.to_container(OmegaConf.load(evaluated.model / "config.yaml"))
    log_params(client, run, flat(config))
    log_tags(client, run_id, _tags(evaluated, dict(provenance.tags) | tags))
    _log_metrics(client, run, model_id, evaluated, times)
    client.log_inputs(run_id, datasets=_datasets(evaluated, provenance))
    if not (run.outputs and run.outputs.model_outputs):
        client.log_outputs(run_id, [mlflow.entities.LoggedModelOutput(model_id, step=0)])
    _log_artifacts(client, run_id, evaluated, provenance)
    if run.info.status != "FINISHED":  # the time at which a training ended stays
        client.set_terminated(run_id)
    client.set_tag(run_id, COMPLETE, "true")
    return LoggedRun(run_id, model_id)


def _find_run(
    client: mlflow.MlflowClient, experiment_id: str, evaluated: EvaluatedModel
) -> mlflow.entities.Run | None:
    """The run with the experiment's identity, or the one of its training, which it becomes."""
    found = client.search_runs(
        [experiment_id],
        f"tags.`{IDENTITY}` = '{evaluated.identity}'",
        order_by=["start_time ASC"],
    )
    if found:
        return found[0]
    run = training_run(client, experiment_id, evaluated.key) if evaluated.key else None
    if run is None or IDENTITY in run.data.tags:  # the same training, evaluated otherwise
        return None
    client.set_tag(run.info.run_id, IDENTITY, evaluated.identity)
    return run


def _is_complete(run: mlflow.entities.Run) -> bool:
    """Whether a registration has completed this run.

    For runs that no training began, and runs of earlier versions, the status is enough.
    """
    tags = run.data.tags
    return COMPLETE in tags or (run.info.status == "FINISHED" and TRAINING not in tags)


def _logged_model(
    client: mlflow.MlflowClient, experiment_id: str, run_id: str, evaluated: EvaluatedModel
) -> str:
    """The id of the run's logged model, made and uploaded unless it is complete."""
    found = client.search_logged_models([experiment_id], f"source_run_id = '{run_id}'")
    model = (
        found[0]
        if found
        else client.create_logged_model(
            experiment_id,
            name=evaluated.experiment.replace("/", "-"),
            source_run_id=run_id,
            model_type=_MODEL_TYPES.get(model_kind(evaluated.model)),
            tags={IDENTITY: evaluated.identity, f"{TAG}experiment": evaluated.experiment},
        )
    )
    model_id = model.model_id
    uploaded = {file.path for file in client.list_logged_model_artifacts(model_id)}
    if str(model.status) != "READY" or "MLmodel" not in uploaded:
        log_model(evaluated.model, client, model)
        client.finalize_logged_model(model_id, "READY")
    return model_id


def _first_tags(evaluated: EvaluatedModel, provenance: Provenance) -> dict[str, str]:
    tags = {
        IDENTITY: evaluated.identity,
        "mlflow.source.name": "phytotron.stages.register",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": user(),
    }
    if commit := provenance.tags.get("commit"):
        tags["mlflow.source.git.commit"] = commit
    return tags


def _tags(evaluated: EvaluatedModel, facts: Mapping[str, str]) -> dict[str, str]:
    tags = {f"{TAG}{name}": value for name, value in facts.items()}
    config = OmegaConf.load(evaluated.model / "config.yaml")
    tags |= {
        f"{TAG}experiment": evaluated.experiment,
        f"{TAG}digest": evaluated.digest,
        f"{TAG}metric": evaluated.metric,
        f"{TAG}goal": evaluated.goal,
        f"{TAG}config": sha256(evaluated.model / "config.yaml"),
        f"{TAG}stopped": read_json(evaluated.model / "training.json")["stopped"],
    }
    if evaluated.test_set is not None:
        tags[f"{TAG}test_set"] = evaluated.test_set
    if "seed" in config:
        tags[f"{TAG}seed"] = str(config.seed)
    return tags


def _log_metrics(
    client: mlflow.MlflowClient,
    run: mlflow.entities.Run,
    model_id: str,
    evaluated: EvaluatedModel,
    times: Mapping[str, float],
) -> None:
    """Log the history by step, and the results linked with the model and the test set.

    All have the time of the run's start: so logging them again changes nothing. What the training
    logged while it went on stays as it is.
    """
    time = run.info.start_time
    history = read_history(evaluated.model)
    there = {
        name: {metric.step for metric in client.get_metric_history(run.info.run_id, name)}
        for name in {name for row in history for name in row}
        if name in run.data.metrics
    }
    metrics = [
        mlflow.entities.Metric(name, float(value), time, int(row["step"]))
        for row in history
        for name, value in row.items()
        if name != "step" and int(row["step"]) not in there.get(name, ())
    ]
    last = int(history[-1]["step"]) if history else 0
    results = {
        f"{'model' if name in _MODEL_FACTS else 'test'}/{name}": value
        for name, value in evaluated.metrics.items()
        if name != evaluated.name
    } | {evaluated.metric: evaluated.value}
    dataset = {} if evaluated.test_set is None else _test_data(evaluated.test_set)
    metrics += [
        mlflow.entities.Metric(
            name,
            float(value),
            time,
            last,
            model_id=model_id,
            run_id=run.info.run_id,
            **(dataset if name.startswith("test/") else {}),
        )
        for name, value in results.items()
    ]
    metrics += [
        mlflow.entities.Metric(f"training/{name}", value, time, last)
        for name, value in times.items()
    ]
    log_metrics(client, run.info.run_id, metrics)


def _test_data(test_set: str) -> dict[str, str]:
    """The test set on which a metric was measured."""
    return {"dataset_name": TEST_DATA, "dataset_digest": _short(test_set)}


def _datasets(
    evaluated: EvaluatedModel, provenance: Provenance
) -> list[mlflow.entities.DatasetInput]:
    """The test split by its hash, and the processed data by the digest that DVC gave it."""
    node = read_config(evaluated.model).get("data") or {}
    digests = {}
    if evaluated.test_set is not None:
        digests["test"] = (TEST_DATA, evaluated.test_set)
    # What DVC knows of the folder that the data is read from, where it is read from one.
    if processed := json.loads(provenance.tags.get("data", "{}")).get(node.get("folder")):
        digests["training"] = (TRAINING_DATA, processed.partition(":")[2])
    return [
        mlflow.entities.DatasetInput(
            mlflow.entities.Dataset(
                name=name,
                digest=_short(digest),
                source_type="local",
                source=json.dumps({"uri": node.get("folder") or node.get("_target_")}),
            ),
            [mlflow.entities.InputTag("mlflow.data.context", context)],
        )
        for context, (name, digest) in digests.items()
    ]


def _log_artifacts(
    client: mlflow.MlflowClient, run_id: str, evaluated: EvaluatedModel, provenance: Provenance
) -> None:
    """Figures, tables and mistakes of the evaluation, and the files of the provenance."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        figures = experiment_figures(evaluated.evaluation, evaluated.model, evaluated.name)
        for name, figure in figures.items():
            save(figure, folder / f"figures/{name}.png")
        for file, text in provenance.files.items():
            write_text(folder / "provenance" / file, text)
        client.log_artifacts(run_id, temporary)
    client.log_artifacts(run_id, str(evaluated.evaluation), "evaluation")


def _short(digest: str) -> str:
    """As much of a digest as MLflow's data sets hold."""
    return digest[:_DIGEST_LENGTH]
