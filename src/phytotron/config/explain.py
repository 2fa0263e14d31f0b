"""Where a config value comes from: the file and line that set it, and what overrode it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from phytotron.config.cache import cached
from phytotron.config.composed import Composed
from phytotron.config.experiments import PARAMS
from phytotron.config.keys import has_key, key_paths, value_at
from phytotron.config.mistakes import unknown_key
from phytotron.config.yaml_positions import places


@dataclass(frozen=True)
class Setting:
    """One place that set the key; the last of several wins.

    Attributes:
        where: `file:line`, or the override.
        value: the value as it is written there.
        comment: what the file says about the key.
    """

    where: str
    value: str
    comment: str


@dataclass(frozen=True)
class Explanation:
    """A key's value and every place that set it, the deciding one last."""

    key: str
    value: Any
    settings: tuple[Setting, ...]


def composed_as_in_repro(experiment: str | None, overrides: Sequence[str] = ()) -> Composed:
    """What `dvc repro` would use: the overrides and the seed of `params.yaml` included.

    Args:
        experiment: an experiment's id; None for the part that all experiments share.
        overrides: further overrides, which win over those of `params.yaml`.
    """
    return cached(experiment, overrides, lambda: _composed_as_in_repro(experiment, overrides))


def _composed_as_in_repro(experiment: str | None, overrides: Sequence[str]) -> Composed:
    # Imported here: Hydra and pydantic are slow to import, and a cached answer needs neither.
    from phytotron.config.compose import compose_as_in_repro

    return compose_as_in_repro(experiment, overrides)


def explain(key: str, experiment: str | None, overrides: Sequence[str] = ()) -> Explanation:
    """Say where a key's value comes from.

    Raises:
        UserError: there is no such key.
    """
    composed = composed_as_in_repro(experiment, overrides)
    if not has_key(composed.content, key):
        raise unknown_key(key, key_paths(composed.content), experiment or "the pipeline")
    # Overrides apply to what the files give, so they come last.
    settings = [*_in_files(key, composed), *_in_overrides(key, composed)]
    return Explanation(key, value_at(composed.content, key), tuple(settings))


def _in_files(key: str, composed: Composed) -> list[Setting]:
    settings = []
    for path, package in composed.sources:
        prefix = f"{package}." if package else ""
        for place in places(path):
            full = prefix + place.key
            if full == key:
                settings.append(Setting(f"{path}:{place.line}", place.value, place.comment))
    return settings


def _in_overrides(key: str, composed: Composed) -> list[Setting]:
    settings = []
    for text in composed.overrides:
        # Signs say whether a key is new or goes; the key is what comes after them.
        name, _, value = text.lstrip("+~").partition("=")
        if name.replace("/", ".") == key:
            origin = f"{PARAMS} (overrides)" if text in composed.from_params else "override"
            if key == "seed" and text not in composed.from_params:
                origin = f"{PARAMS} (seed)"
            settings.append(Setting(origin, value, ""))
    return settings
