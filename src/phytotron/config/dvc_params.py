"""Composed configs against the keys that `dvc.yaml` lists of them."""

from __future__ import annotations

from collections.abc import Mapping

from phytotron.config.check import has_key
from phytotron.config.compose import Composed
from phytotron.config.stage import PIPELINE_CONFIG, experiment_config, listed_params, stage_names
from phytotron.config.yaml_positions import places
from phytotron.errors import UserError, did_you_mean

PIPELINE = "pipeline"


def check_listed(composed: Mapping[str, Composed]) -> None:
    """Check that stages will find what they read, and read what is there.

    Every key that `dvc.yaml` lists must be in the config. Where it lists single keys of a group, as
    of `site`, another key of that group would be read by nobody: most likely a misspelt one.

    Args:
        composed: as `compose_all` gives it.

    Raises:
        UserError: a key is missing or unknown; names the file, and the nearest key.
    """
    for name, item in composed.items():
        experiment = None if name == PIPELINE else name
        path = experiment_config(experiment) if experiment else PIPELINE_CONFIG
        listed = {
            key: stage
            for stage in stage_names()
            for key in listed_params(stage, experiment).get(path.as_posix(), [])
        }
        _check_unknown(item, listed)
        for key, stage in listed.items():
            if not has_key(item.config, key):
                raise UserError(
                    f"the key '{key}' is missing; stage {stage} reads it",
                    where=_file(item, key.split(".")[0]),
                )


def _check_unknown(item: Composed, listed: Mapping[str, str]) -> None:
    partly = {key.split(".")[0] for key in listed if "." in key} - set(listed)
    partly.discard("card")  # most of it is for people and for the zoo's table
    for group in sorted(partly):
        for name in item.config[group] or ():
            key = f"{group}.{name}"
            if not any(other == key or other.startswith(f"{key}.") for other in listed):
                raise UserError(
                    f"unknown key '{key}'",
                    where=_file(item, group, str(name)),
                    hint=did_you_mean(key, listed),
                )


def _file(item: Composed, group: str, name: str | None = None) -> str:
    """The file that fills a group, with the line of one of its keys."""
    path = next((path for path, package in item.sources if package == group), item.sources[0][0])
    line = next((place.line for place in places(path) if place.key == name), None)
    return f"{path.as_posix()}:{line}" if line else path.as_posix()
