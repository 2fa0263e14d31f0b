"""A journal becomes an MLflow run: its records in order, each of them once.

`sent.json` in the journal's folder says how much has been sent. It is written after each batch, so
a sender that is killed sends the last batch again; MLflow keeps one of equal metrics. Where the
training has a run already, from another journal (a training that was repeated, or whose folder was
removed), that run is continued, and metrics that it has are left out.

The functions at the end write parameters, tags and metrics in batches; registrations use them, too.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from phytotron.config.stage import plain
from phytotron.files import write_json
from phytotron.tracking.environment import ENDED, HEARTBEAT, TAG, TRAINING, mlflow
from phytotron.tracking.journal import (
    JOURNAL_FILES,
    SENT_FILE,
    Life,
    arranging,
    journal_sizes,
    read,
    sent_so_far,
)
from phytotron.tracking.provenance import repository
from phytotron.tracking.store import Store, pipeline_config, user

# The most that MLflow's `log_batch` takes in one request: parameters or tags, and metrics.
BATCH, METRICS_BATCH = 100, 1000
_NAME_LENGTH = 250


def tracking_settings(life: Life) -> dict[str, Any]:
    """The config's group `tracking` for a training: its journal's, or what `compose` wrote."""
    given: dict[str, Any] | None = life.start and life.start["tracking"]
    return given or plain(pipeline_config().tracking)


def training_run(
    client: mlflow.MlflowClient, experiment_id: str, key: str
) -> mlflow.entities.Run | None:
    """The run of the training with this key, or None."""
    # The oldest: by hand or by an earlier version there may be several.
    found = client.search_runs(
        [experiment_id], f"tags.`{TRAINING}` = '{key}'", order_by=["start_time ASC"]
    )
    return found[0] if found else None


class LiveRun:
    """The run of one journal.

    Args:
        folder: the journal's folder.
        store: the open store.
        experiment: the name of the MLflow experiment.
    """

    def __init__(self, folder: Path, store: Store, experiment: str) -> None:
        self.folder = folder
        self.store = store
        self.experiment = experiment
        self.client = store.client
        self._seen: dict[str, set[int]] = {}
        # A hash, as an address may hold a password.
        self._store_id = hashlib.sha256(store.uri.encode()).hexdigest()
        self._offsets = dict.fromkeys(JOURNAL_FILES, 0)
        self.run_id: str | None = None
        self._is_over = False  # whether the last thing sent is that the training ended
        self._merge = False  # whether the run has metrics that this journal did not send
        self._resume()

    def _resume(self) -> None:
        """Continue where the last sender stopped, if it used this store and its run exists."""
        sent = sent_so_far(self.folder)
        if sent.get("store") != self._store_id:  # another one begins at the journal's beginning
            return
        try:
            run = self.client.get_run(sent["run_id"])
        except mlflow.MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            return
        if run.info.lifecycle_stage == "active":
            self.run_id, self._merge = sent["run_id"], sent["merge"]
            self._offsets |= sent["offsets"]

    def send(self) -> None:
        """Send all that the journals have by now.

        Metrics are gathered into batches; a start or an end is sent by itself, after the metrics
        before it. What has been sent is noted after each request, so at most one is repeated.
        """
        for name in JOURNAL_FILES:
            metrics: list[mlflow.entities.Metric] = []
            for record, after in read(self.folder / name, self._offsets[name]):
                if record["event"] == "metrics":
                    metrics += self._new(record)
                else:
                    self._flush(metrics)
                    self._apply(record)
                self._offsets[name] = after
                if record["event"] != "metrics" or len(metrics) >= METRICS_BATCH:
                    self._flush(metrics)
                    self._save()
            if metrics:
                self._flush(metrics)
                self._save()

    def beat(self) -> None:
        """Tell MLflow that the training is alive; nothing once its end is sent."""
        if self.run_id is None or self._is_over:
            return
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.client.set_tag(self.run_id, HEARTBEAT, now)

    @property
    def all_is_sent(self) -> bool:
        return all(self._offsets[name] == size for name, size in journal_sizes(self.folder).items())

    def remove_if_done(self) -> bool:
        """Remove the folder of a training that has finished and is completely in MLflow.

        The caller holds the sender's lock. The folder of a training that failed or was killed
        stays: it may be resumed, and its journal then leaves out the steps that are repeated.
        """
        with arranging(self.folder):
            # Under the lock: the same training may just begin once more.
            end = Life(self.folder).end
            if end is None or end["status"] != "FINISHED" or not self.all_is_sent:
                return False
            shutil.rmtree(self.folder)
            return True

    def _apply(self, record: Mapping[str, Any]) -> None:
        self._is_over = record["event"] == "end"
        if record["event"] == "start":
            self._start(record)
        elif self._is_over:
            assert self.run_id is not None
            self.client.set_tag(self.run_id, ENDED, record["reason"] or "completed")
            self.client.set_terminated(self.run_id, record["status"], record["time"])

    def _start(self, record: Mapping[str, Any]) -> None:
        """Make the run, or find that of the same training, and let it say that it is running."""
        if self.run_id is None:
            experiment_id = tracking_experiment(self.store, self.experiment)
            run = training_run(self.client, experiment_id, record["key"])
            self._merge = run is not None
            if run is None:
                run = self.client.create_run(
                    experiment_id,
                    start_time=record["time"],
                    run_name=record["experiment"],
                    tags=_first_tags(record),
                )
            self.run_id = run.info.run_id
        # A resumed training has ended before, and perhaps on another machine.
        run = self.client.get_run(self.run_id)
        self.client.update_run(self.run_id, "RUNNING")
        log_params(self.client, run, flat(record["config"]))
        where = {"host": record["host"], "pid": str(record["pid"])}
        log_tags(self.client, self.run_id, {f"{TAG}{name}": where[name] for name in where})
        if ENDED in run.data.tags:
            self.client.delete_tag(self.run_id, ENDED)

    def _new(self, record: Mapping[str, Any]) -> list[mlflow.entities.Metric]:
        """The record's metrics, without those that the run has from another journal."""
        step, time = record["step"], record["time"]
        values = {allowed_name(name): value for name, value in record["values"].items()}
        if self._merge:
            values = {name: value for name, value in values.items() if step not in self._has(name)}
        return [
            mlflow.entities.Metric(name, float(value), time, step) for name, value in values.items()
        ]

    def _has(self, name: str) -> set[int]:
        """The steps at which the run had a metric when this object first asked."""
        if name not in self._seen:
            assert self.run_id is not None
            history = self.client.get_metric_history(self.run_id, name)
            self._seen[name] = {metric.step for metric in history}
        return self._seen[name]

    def _flush(self, metrics: list[mlflow.entities.Metric]) -> None:
        if metrics:
            assert self.run_id is not None
            log_metrics(self.client, self.run_id, metrics)
            metrics.clear()

    def _save(self) -> None:
        write_json(
            self.folder / SENT_FILE,
            {
                "store": self._store_id,
                "run_id": self.run_id,
                "merge": self._merge,
                "offsets": self._offsets,
            },
        )


def _first_tags(record: Mapping[str, Any]) -> dict[str, str]:
    tags = {
        TRAINING: record["key"],
        f"{TAG}experiment": record["experiment"],
        "mlflow.source.name": "phytotron.stages.train",
        "mlflow.source.type": "LOCAL",
        "mlflow.user": user(),
    }
    if commit := repository().tags.get("commit"):
        tags["mlflow.source.git.commit"] = commit
    return tags


# Writing to a run. Each function is idempotent: a sender that was killed repeats its last call.


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
