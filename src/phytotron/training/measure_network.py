"""A trained network on the test split."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl

from phytotron.training.callbacks import SeedEvaluation
from phytotron.training.precision import computable
from phytotron.training.reproducibility import make_deterministic
from phytotron.training.trainer import build_trainer


def measure_network(
    config: Mapping[str, Any], task: pl.LightningModule, data: Any
) -> dict[str, float]:
    """What the task measures on the test split, in one process and in float32.

    Args:
        config: the experiment's config.
        task: with the trained network.
        data: the data module.

    Returns:
        The metrics, such as `test/accuracy`; empty where there is no test split.
    """
    make_deterministic(config["seed"], config["trainer"]["threads"])
    one = {"precision": "32-true", "strategy": "auto"}
    with tempfile.TemporaryDirectory() as folder, computable("32-true"):
        trainer = build_trainer(
            config["trainer"] | one,
            [SeedEvaluation(config["seed"])],
            Path(folder),
            devices=1,
            num_nodes=1,
        )
        found = trainer.test(task, datamodule=data, verbose=False)
    return {name: float(value) for name, value in found[0].items()} if found else {}
