"""Open the MLflow store: SQLite in the repository, another database, or a server.

Opening finds within seconds what a person has to repair (a server that does not answer, an older
schema, the file store that MLflow no longer writes) and says so before anything is written.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from omegaconf import OmegaConf
from requests import RequestException
from sqlalchemy.exc import SQLAlchemyError

from phytotron.config.stage import PIPELINE_CONFIG, plain
from phytotron.errors import UserError
from phytotron.locks import locked
from phytotron.tracking import schema
from phytotron.tracking.environment import mlflow
from phytotron.tracking.lease import lease

ANSWER_SECONDS = 5  # for a server to say that it is healthy
LOCK_SECONDS = 600  # for others to finish a registration or promotion


@dataclass(frozen=True)
class Store:
    """An open store.

    Attributes:
        uri: its address.
        artifacts: where artifacts go when no server decides it, as a URI.
        client: MLflow's client of it.
        lease: whether a writer holds the store's lease, so that only one writes on all machines.
    """

    uri: str
    artifacts: str
    client: mlflow.MlflowClient
    lease: bool

    @property
    def is_server(self) -> bool:
        return _is_server(self.uri)


@dataclass(frozen=True)
class StoreFinding:
    """Something that is wrong with the store, and the command or step that repairs it."""

    problem: str
    repair: str


def pipeline_config() -> Any:
    """The pipeline's config as the stage `compose` wrote it, for commands that are no stage.

    Raises:
        UserError: the stage has not run.
    """
    if not PIPELINE_CONFIG.exists():
        raise UserError(
            "the pipeline has not run here", where=str(PIPELINE_CONFIG), hint="run: make repro"
        )
    return OmegaConf.load(PIPELINE_CONFIG)


def store_uri(tracking: Mapping[str, Any]) -> str:
    """The address of the store: MLFLOW_TRACKING_URI, or else the config's `uri`.

    The path of an SQLite file is made absolute: MLflow caches connections by address.
    """
    uri: str = os.environ.get("MLFLOW_TRACKING_URI") or tracking["uri"]
    file = schema.database_file(uri)
    return uri if file is None else f"{schema.SQLITE}{file.resolve().as_posix()}"


def open_store(tracking: Mapping[str, Any]) -> Store:
    """Open the store; create it when there is none.

    Args:
        tracking: the config's group `tracking`.

    Raises:
        UserError: the store cannot be used as it is, or `tracking.lease` has a wrong value.
    """
    uri, artifacts = store_uri(tracking), _artifacts_uri(tracking["artifacts"])
    with answered(uri):
        if _is_server(uri):
            _check_server(uri)
        elif "://" in uri and not uri.startswith("file:"):
            _prepare_database(uri, artifacts)
        elif uri != "databricks":
            raise _file_store(uri)
        # For MLflow's functions that take no client, such as those that log a model.
        mlflow.set_tracking_uri(uri)
        return Store(uri, artifacts, mlflow.MlflowClient(uri), uses_lease(tracking))


def uses_lease(tracking: Mapping[str, Any]) -> bool:
    """Whether one writer at a time is guaranteed by a lease in the store, over all machines.

    `tracking.lease` decides. Where it is null, a lease is used unless the store is an SQLite file:
    that is used on one machine, where a file lock is enough.

    Raises:
        UserError: it is none of true, false and null.
    """
    chosen = tracking.get("lease")
    if chosen not in (True, False, None):
        raise UserError(f"{chosen!r}", where="tracking.lease", allowed="true, false, null")
    if chosen is None:
        return schema.database_file(store_uri(tracking)) is None
    return bool(chosen)


def _is_server(uri: str) -> bool:
    return urlsplit(uri).scheme in ("http", "https")


def _check_server(uri: str) -> None:
    try:
        answer = requests.get(f"{uri.rstrip('/')}/health", timeout=ANSWER_SECONDS)
    except RequestException as error:
        raise UserError(
            f"the MLflow server does not answer: {type(error).__name__}",
            where=uri,
            hint="start it, or unset MLFLOW_TRACKING_URI to keep runs in this repository",
        ) from error
    # One that asks for a login is healthy; MLflow sends the credentials itself.
    if answer.status_code >= 400 and answer.status_code not in (401, 403):
        raise UserError(
            f"what answers there (HTTP {answer.status_code}) is not a healthy MLflow server",
            where=uri,
        )


def _prepare_database(uri: str, artifacts: str) -> None:
    file = schema.database_file(uri)
    if file is not None and not _has_content(file):
        # The senders of the first trainings may all come here at the same time.
        with lock(uri):
            if not _has_content(file):  # asked again: another process may have created it
                schema.create(file, artifacts)
    schema.check(uri, schema.revisions(uri))


def _has_content(file: Path) -> bool:
    return file.exists() and file.stat().st_size > 0


def _file_store(uri: str) -> UserError:
    return UserError(
        f"'{uri}' is a file store, which MLflow {mlflow.__version__} no longer writes",
        where="MLFLOW_TRACKING_URI" if "MLFLOW_TRACKING_URI" in os.environ else "tracking.uri",
        allowed="sqlite:///FILE, a database URI, or http(s)://SERVER",
        hint="an old file store moves with: mlflow migrate-filestore",
    )


def _artifacts_uri(artifacts: str) -> str:
    return artifacts if "://" in artifacts else Path(artifacts).resolve().as_uri()


@contextmanager
def lock(uri: str, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """One process at a time on this machine: to create the store, and for `exclusive`.

    The lock file of an SQLite store lies beside it. For a server it holds for this user only.

    Raises:
        UserError: another process keeps it for `seconds`.
    """
    with locked(_lock_file(uri), "writing to the MLflow store", seconds=seconds):
        yield


@contextmanager
def exclusive(store: Store, seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """One process at a time that registers or promotes.

    With `tracking.lease` on any machine that uses the store, else on this machine.

    Raises:
        UserError: others keep it for `seconds`, or another one took it while this one was
            suspended.
    """
    # The file lock first: the processes of one machine then ask the store one after the other.
    with lock(store.uri, seconds):
        if store.lease:
            with lease(store.client, f"{user()}@{socket.gethostname()}", seconds):
                yield
        else:
            yield


def _lock_file(uri: str) -> Path:
    if file := schema.database_file(uri):
        return file.with_name(f"{file.name}.lock")
    name = hashlib.sha256(uri.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"phytotron-{user()}-{name}.lock"


def user() -> str:
    """The name of the user, or its number where there is no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under an id without a name
        return str(os.getuid())


@contextmanager
def answered(uri: str) -> Iterator[None]:
    """Turn what keeps the store from working in this block into a `UserError`.

    These are: no connection, no permission, a full disk, a read-only or busy database. A mistake
    in a request stays an `MlflowException`.
    """
    try:
        yield
    except mlflow.MlflowException as error:
        # MLflow wraps errors of its database and of HTTP without an error code of their own.
        cause = error.__cause__ or error.__context__
        if error.error_code in _NOT_OUR_MISTAKE or isinstance(
            cause, SQLAlchemyError | RequestException
        ):
            raise schema.unreadable(uri, error) from error
        raise
    except (RequestException, SQLAlchemyError) as error:
        raise schema.unreadable(uri, error) from error


_NOT_OUR_MISTAKE = {"TEMPORARILY_UNAVAILABLE", "PERMISSION_DENIED", "UNAUTHENTICATED"}


def check_store(tracking: Mapping[str, Any] | None = None) -> list[StoreFinding]:
    """What is wrong with the store; an empty list when it can be used.

    Changes nothing; a store that does not exist yet is fine. For `phytotron doctor`.

    Args:
        tracking: the config's group `tracking`; what `compose` wrote when it is not given.
    """
    if tracking is None:
        if not PIPELINE_CONFIG.exists():
            return []
        tracking = plain(pipeline_config().tracking)
    uri = store_uri(tracking)
    file = schema.database_file(uri)
    if file is not None and not _has_content(file):
        return []
    try:
        if file is not None:
            # A process that is just creating or migrating it would make it look broken.
            with lock(uri, seconds=0):
                schema.check(uri, schema.revisions(uri))
        client = open_store(tracking).client
    except UserError as error:
        problem, _, repair = str(error).rpartition("\n")  # the last line is the hint
        return [StoreFinding(problem, repair.strip())]
    return _missing_artifacts(client)


def _missing_artifacts(client: mlflow.MlflowClient) -> list[StoreFinding]:
    """Local folders of models that the store refers to and that do not exist."""
    findings = []
    for experiment in client.search_experiments():
        location = experiment.artifact_location
        folder = Path(urlsplit(location).path)
        has_models = bool(client.search_logged_models([experiment.experiment_id], max_results=1))
        if location.startswith("file:") and has_models and not folder.is_dir():
            findings.append(
                StoreFinding(
                    f"the artifacts of the experiment '{experiment.name}' are not at {folder}",
                    f"bring the folder back, or move {client.tracking_uri} away and run: "
                    "dvc repro --force register",
                )
            )
    return findings
