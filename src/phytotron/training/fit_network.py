"""Training a network with Lightning."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.callbacks import Callback

from phytotron.config.instantiate import instantiate
from phytotron.training import checkpoints, resume
from phytotron.training.callbacks import BestWeights, History, SeedValidation
from phytotron.training.checkpointing import STATE, Checkpointing
from phytotron.training.epoch_loop import EpochLoop
from phytotron.training.fitted import Fitted
from phytotron.training.reproducibility import make_deterministic
from phytotron.training.trainer import build_trainer


def fit_network(config: Mapping[str, Any], data: Path, scratch: Path) -> Fitted | None:
    """Train the network of `config["model"]`, from where it was interrupted if it was.

    Args:
        config: the experiment's config.
        data: the processed folder.
        scratch: for the checkpoints.

    Returns:
        None in a process that is not the first of a distributed run.

    Raises:
        Interrupted: a signal ended it in good order.
        UserError: what the config asks for cannot be done, or the loss is not finite.
    """
    seed = config["seed"]
    starting = resume.DEFAULT | dict(config.get("resume") or {})
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
    checkpointing = Checkpointing(
        scratch / "checkpoints",
        every_n_steps=starting["every_n_steps"],
        every_n_seconds=starting["every_n_seconds"],
        keep=starting["keep"],
    )
    callbacks = [SeedValidation(seed), history, *chosen, checkpointing]
    trainer = build_trainer(config["trainer"], callbacks, scratch)
    trainer.fit_loop.epoch_loop = EpochLoop(trainer, seed, checkpointing)

    state = None
    if starting["mode"] == "fresh":
        if trainer.is_global_zero:
            shutil.rmtree(checkpointing.folder, ignore_errors=True)
    elif last := checkpoints.newest(checkpointing.folder):
        checkpointing.resumed_from, state = last, last / STATE
        if trainer.is_global_zero:
            print(f"going on from step {checkpoints.facts(last)['step']} ({last})", flush=True)
    resume.start_weights(network, starting)

    started = time.perf_counter()
    trainer.fit(task, datamodule, ckpt_path=state, weights_only=True)
    seconds = time.perf_counter() - started
    if not trainer.is_global_zero:
        return None
    if best:
        network.load_state_dict(best.weights)
    epochs = trainer.fit_loop.epoch_progress.current.processed
    batches = trainer.fit_loop.epoch_loop.total_batch_idx + 1
    last_epoch = int(history.rows[-1]["epoch"])
    return Fitted(
        model=network,
        history=history.rows,
        epochs=epochs,
        steps=trainer.global_step,
        samples=batches * datamodule.batch_size * trainer.world_size,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        best_epoch=last_epoch if best is None or best.best_epoch is None else best.best_epoch,
        stopped="max_epochs" if epochs == config["trainer"]["max_epochs"] else "early_stopping",
        seconds=seconds,
    )
