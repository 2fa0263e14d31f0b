"""What a stage may read: exactly the keys that `dvc.yaml` lists for it under `params:`.

DVC reruns a stage when a listed key changes. A stage that read another key would silently go
stale, so the config that a stage gets holds the listed keys and nothing else: reading any other
one is an error on the first run, not a wrong result on a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from phytotron.config.experiments import load_yaml
from phytotron.errors import UserError

PIPELINE_CONFIG = Path("build/config/pipeline.yaml")


def experiment_config(experiment: str) -> Path:
    """Where `compose` writes the resolved config of an experiment."""
    return Path(f"build/config/{experiment}.yaml")


def stage_config(stage: str, experiment: str | None = None) -> DictConfig:
    """The config of a stage, restricted to the keys listed in `dvc.yaml`.

    Keys of the pipeline's config and of the experiment's config come as one read-only tree.

    Args:
        stage: the stage's name in `dvc.yaml`, without the `@experiment` part.
        experiment: the experiment's id, for a stage that runs once per experiment.

    Raises:
        UserError: the stage is unknown, `compose` has not run, or a listed key is missing.
    """
    merged = OmegaConf.create()
    for path, keys in listed_params(stage, experiment).items():
        if not Path(path).exists():
            raise UserError("does not exist", where=path, hint="run: dvc repro compose")
        config = OmegaConf.load(path)
        for key in keys:
            value = _select(config, key, path)
            OmegaConf.update(merged, key, value, force_add=True)
    # Struct: reading a key that is not listed is an error, and not None.
    OmegaConf.set_struct(merged, True)
    OmegaConf.set_readonly(merged, True)
    return merged


def listed_params(
    stage: str, experiment: str | None = None, stages: Mapping[str, Any] | None = None
) -> dict[str, list[str]]:
    """The params files of a stage and the keys that it lists of each.

    Args:
        stage, experiment: see `stage_config`.
        stages: as `read_stages` gives them, for a caller that asks for several stages.
    """
    stages = read_stages() if stages is None else stages
    if stage not in stages:
        raise UserError(f"no stage '{stage}'", where="dvc.yaml", allowed=", ".join(stages))
    listed: dict[str, list[str]] = {}
    # DVC's short form: a text is a key of params.yaml.
    for entry in stages[stage].get("params", []):
        for path, keys in (
            entry if isinstance(entry, Mapping) else {"params.yaml": [entry]}
        ).items():
            path = path.replace("${item.experiment}", experiment or "")
            listed.setdefault(path, []).extend(keys or [])
    return listed


def read_stages() -> dict[str, Any]:
    """The stages in `dvc.yaml` by name, without their `@experiment` parts."""
    stages: dict[str, Any] = load_yaml(Path("dvc.yaml"))["stages"]
    return stages


def plain(config: Any) -> Any:
    """A config node as ordinary dicts and lists."""
    return OmegaConf.to_container(config, resolve=True) if OmegaConf.is_config(config) else config


def _select(config: Any, key: str, path: str) -> Any:
    missing = object()
    try:
        value = OmegaConf.select(config, key, default=missing)
    except OmegaConfBaseException as error:
        raise UserError(str(error), where=f"{path}: {key}") from error
    if value is missing:
        raise UserError(
            f"dvc.yaml lists the key '{key}', which this file lacks",
            where=path,
            hint="run: dvc repro compose",
        )
    return value
