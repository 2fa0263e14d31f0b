"""Training a network with Lightning."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.callbacks import Callback

from phytotron.config.instantiate import instantiate
from phytotron.training.callbacks import BestWeights, History, SeedEveryStep, StopOnNaN
from phytotron.training.fitted import Fitted
from phytotron.training.reproducibility import make_deterministic
from phytotron.training.trainer import build_trainer


def fit_network(config: Mapping[str, Any], data: Path, scratch: Path) -> Fitted | None:
    """Train the network of `config["model"]`.

    Args:
        config: the experiment's config.
        data: the processed folder.
        scratch: for the best weights so far; emptied at the start.

    Returns:
        None in a process that is not the first of a distributed run.
    """
    seed = config["seed"]
    make_deterministic(seed, config["trainer"]["threads"])
    datamodule = instantiate(config["data"], folder=data)
    network = instantiate(config["model"], **datamodule.dimensions)
    task = instantiate(
        config["task"],
        network=network,
        optimizer=config["optimizer"],
        scheduler=config.get("scheduler"),
        class_counts=datamodule.class_counts,
    )
    history = History()
    chosen: list[Callback] = [
        instantiate(node) for node in (config.get("callbacks") or {}).values() if node
    ]
    best = next((callback for callback in chosen if isinstance(callback, BestWeights)), None)
    callbacks = [SeedEveryStep(seed), StopOnNaN(), history, *chosen]
    trainer = build_trainer(config["trainer"], callbacks, scratch)
    if trainer.is_global_zero:
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(parents=True)

    started = time.perf_counter()
    trainer.fit(task, datamodule)
    seconds = time.perf_counter() - started
    if not trainer.is_global_zero:
        return None
    if best:
        best.restore(scratch, network)
    last = history.rows[-1]["epoch"]
    batches = trainer.fit_loop.epoch_loop.total_batch_idx + 1
    return Fitted(
        model=network,
        history=history.rows,
        epochs=trainer.current_epoch,
        steps=trainer.global_step,
        samples=batches * datamodule.batch_size * trainer.world_size,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        best_epoch=int(last) if best is None or best.best_epoch is None else best.best_epoch,
        stopped="max_epochs"
        if trainer.current_epoch == config["trainer"]["max_epochs"]
        else "early_stopping",
        seconds=seconds,
    )
