"""Which metric the pipeline compares its experiments by, checked before any of them is trained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from omegaconf import DictConfig

from phytotron.config.experiments import experiment_file
from phytotron.config.yaml_positions import places
from phytotron.errors import UserError


def settle_metric(pipeline: DictConfig, experiments: Mapping[str, DictConfig]) -> None:
    """Fill in `compare.metric` and `compare.goal` from the card of the baseline.

    Args:
        pipeline: the composed config of the pipeline; changed in place.
        experiments: the composed config of each experiment that it compares.

    Raises:
        UserError: no card says the metric or its goal, or an experiment does not measure it.
    """
    compare = pipeline.compare
    # With a single experiment there is nothing to be better than: it speaks for itself.
    speaker = compare.baseline if compare.baseline in experiments else next(iter(experiments))
    card = experiments[speaker].get("card") or {}
    for key in ("metric", "goal"):
        if compare.get(key) is None:
            if not card.get(key):
                raise _error(speaker, key, "is missing: the experiments are compared by it")
            compare[key] = card[key]
    metric = compare.metric
    if len(metric.split("/")) < 2:
        raise UserError(
            f"compare.metric: '{metric}' does not say on which split it is measured",
            where="conf/pipeline.yaml",
            allowed="such as test/accuracy",
        )
    for name, config in experiments.items():
        if metric not in _measured(config):
            raise _error(
                name,
                "metric",
                f"the experiment does not measure {metric}, by which the pipeline compares",
                allowed=", ".join(_measured(config)),
            )


def _measured(config: DictConfig) -> list[str]:
    """The metrics of the test split that a config names, and its card's."""
    task = config.get("task") or {}
    named = [f"test/{name}" for name in task.get("metrics") or ()]
    own = (config.get("card") or {}).get("metric")
    return list(dict.fromkeys([*([own] if own else []), *named]))


def _error(experiment: str, key: str, what: str, allowed: Any = None) -> UserError:
    path = experiment_file(experiment)
    lines = {place.key: place.line for place in places(path)}
    line = lines.get(f"card.{key}", lines.get("card", 1))
    where = f"{path.as_posix()}:{line}: card.{key}"
    return UserError(what, where=where, allowed=allowed)
