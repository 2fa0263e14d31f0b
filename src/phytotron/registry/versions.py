"""Versions and aliases in MLflow's model registry.

`candidate` is what the last registration selected, `champion` the model in use. Every version has
the facts that the gate and the lineage need as tags, so that it can be copied to another registry
without its run.
"""

from __future__ import annotations

import json
import re
from typing import Any

from phytotron.errors import UserError, did_you_mean
from phytotron.evaluation.tables import metric_name
from phytotron.registry.evaluated_model import IDENTITY, EvaluatedModel, LoggedRun
from phytotron.tracking.environment import TAG, mlflow
from phytotron.tracking.lease import is_lease
from phytotron.tracking.store import Store
from phytotron.training.model_folder import SavedModel

CANDIDATE, CHAMPION = "candidate", "champion"

Version = mlflow.entities.model_registry.ModelVersion


def register_version(
    store: Store, model: str, evaluated: EvaluatedModel, logged: LoggedRun
) -> Version:
    """The experiment's version of a registered model, made unless it exists.

    Args:
        store: the open store.
        model: the registered model's name; it is made when it does not exist.
        evaluated: what is registered.
        logged: where its run and its model are.
    """
    client = store.client
    try:
        client.get_registered_model(model)
    except mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(model)
    for version in versions(store, model):
        if version.tags.get(IDENTITY) == evaluated.identity:
            return version
    run = client.get_run(logged.run_id)
    tags = {key: value for key, value in run.data.tags.items() if key.startswith(TAG)}
    tags[f"{TAG}metrics"] = json.dumps(dict(evaluated.metrics), sort_keys=True)
    return client.create_model_version(
        model,
        f"models:/{logged.model_id}",
        run_id=logged.run_id,
        tags=tags,
        description=f"{evaluated.experiment}: {metric_name(evaluated.name)} {evaluated.value:.4f}",
        model_id=logged.model_id,
    )


def versions(store: Store, model: str) -> list[Version]:
    """All versions of a registered model with their tags, oldest first."""
    found: list[Version] = []
    token = None
    while True:
        page = store.client.search_model_versions(f"name = '{model}'", page_token=token)
        found += page
        token = page.token
        if not token:
            return sorted(found, key=lambda version: int(version.version))


def aliases(store: Store, model: str) -> dict[str, str]:
    """The version that each alias of a registered model points to.

    Raises:
        UserError: there is no such model.
    """
    try:
        registered = store.client.get_registered_model(model)
    except mlflow.MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise _no_model(store, model) from error
    return {alias: str(version) for alias, version in registered.aliases.items()}


def get_version(store: Store, model: str, version: str) -> Version:
    """One version of a registered model.

    Raises:
        UserError: there is no such model or version.
    """
    aliases(store, model)
    known = {str(each.version): each for each in versions(store, model)}
    if str(version) not in known:
        raise UserError(
            f"the model '{model}' has no version '{version}'",
            allowed=", ".join(known) or "none is registered",
        )
    return known[str(version)]


def resolve(store: Store, reference: str) -> Version:
    """The version that `NAME@ALIAS`, `NAME/VERSION` or `NAME` (its champion) stands for.

    Raises:
        UserError: no such model, alias or version; names what exists.
    """
    match = re.fullmatch(r"(?:models:/)?([^@/]+)(?:@([^@/]+)|/(\d+))?", reference.strip())
    if not match:
        raise UserError(f"'{reference}' names no model", allowed="NAME@ALIAS or NAME/VERSION")
    model, alias, number = match.groups()
    if number:
        return get_version(store, model, number)
    alias = alias or CHAMPION
    known = aliases(store, model)
    if alias not in known:
        hint = did_you_mean(alias, known)
        if not hint and alias == CHAMPION:
            hint = f"make one: phytotron promote {model} VERSION"
        raise UserError(
            f"the model '{model}' has no alias '{alias}'",
            allowed=", ".join(f"{model}@{name}" for name in sorted(known)) or "it has none yet",
            hint=hint,
        )
    return get_version(store, model, known[alias])


def point(store: Store, model: str, alias: str, version: str) -> None:
    """Let an alias point to a version."""
    if aliases(store, model).get(alias) != str(version):
        store.client.set_registered_model_alias(model, alias, str(version))


def fact(version: Version, name: str) -> str | None:
    """A fact that registration noted on a version, such as `test_set`."""
    value: Any = version.tags.get(f"{TAG}{name}")
    return value


def facts(version: Version, name: str) -> dict[str, Any]:
    """A group of facts that registration noted on a version, such as `metrics` or `data`."""
    found: dict[str, Any] = json.loads(fact(version, name) or "{}")
    return found


def load_version(version: Version) -> SavedModel:
    """The model of a version.

    Raises:
        UserError: its artifacts are not there or not whole.
    """
    try:
        loaded: Any = mlflow.pyfunc.load_model(
            f"models:/{version.name}/{version.version}",
            suppress_warnings=True,  # requirements.lock keeps the environment right
        )
    except (mlflow.MlflowException, OSError) as error:
        raise UserError(
            f"version {version.version} of '{version.name}' cannot be loaded: {error}",
            hint="bring its artifacts back; phytotron doctor says where they are missed",
        ) from error
    model: SavedModel = loaded.get_raw_model()
    return model


def _no_model(store: Store, model: str) -> UserError:
    names = (each.name for each in store.client.search_registered_models())
    known = sorted(name for name in names if not is_lease(name))
    if not known:
        return UserError("no model is registered yet", where=store.uri, hint="run: make repro")
    return UserError(
        f"no model '{model}' is registered",
        allowed=", ".join(known),
        hint=did_you_mean(model, known),
    )
