"""Composed configs against the keys that `dvc.yaml` lists of them."""

from __future__ import annotations

from collections.abc import Mapping

from phytotron.config.composed import Composed
from phytotron.config.keys import has_key
from phytotron.config.mistakes import missing_key
from phytotron.config.stage import PIPELINE_CONFIG, experiment_config, listed_params, read_stages

PIPELINE = "pipeline"


def check_listed(composed: Mapping[str, Composed]) -> None:
    """Check that stages will find what they read: every key that `dvc.yaml` lists.

    Args:
        composed: as `compose_all` gives it.

    Raises:
        UserError: a key is missing; names the file that should have it.
    """
    stages = read_stages()
    for name, item in composed.items():
        experiment = None if name == PIPELINE else name
        path = experiment_config(experiment) if experiment else PIPELINE_CONFIG
        listed = {
            key: stage
            for stage in stages
            for key in listed_params(stage, experiment, stages).get(path.as_posix(), [])
        }
        # Keys that no stage reads are none of DVC's business: the schema refuses misspelt ones.
        for key, stage in listed.items():
            if not has_key(item.content, key):
                raise missing_key(key, f"what the stage {stage} reads", item.where(key))
