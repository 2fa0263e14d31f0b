"""The tiny variant of an experiment: the same parts on a few generated samples, in seconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from omegaconf import DictConfig

from phytotron.config.compose import compose_experiment
from phytotron.config.keys import has_key
from phytotron.config.stage import plain

_OVERRIDES = {
    "data.tiny": "true",
    "data.batch_size": "8",  # several batches, and one that is filled up
    "data.validation": "10",
    "trainer.max_epochs": "2",
    "trainer.check_val_every_n_epoch": "1",
    "trainer.threads": "1",
}


def tiny_config(experiment: str, overrides: Sequence[str] = ()) -> dict[str, Any]:
    """The resolved config of an experiment's tiny variant, as plain dicts and lists.

    Of the usual overrides it takes those whose key the experiment uses: one that is null stays so,
    and so does a validation of 0 samples. The overrides of the card's list `tiny` follow.

    Args:
        experiment: its id.
        overrides: further overrides, which win over all others.
    """
    full = compose_experiment(experiment).config
    usual = [f"{key}={value}" for key, value in _OVERRIDES.items() if _uses(full, key)]
    own = list(full.card.get("tiny") or ())
    return plain(compose_experiment(experiment, [*usual, *own, *overrides]).config)


def _uses(config: DictConfig, key: str) -> bool:
    group, name = key.split(".")
    if not has_key(config, key):
        return False
    value = config[group][name]
    return value is False or bool(value)
