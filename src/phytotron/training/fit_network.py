"""Training a network with Lightning."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytorch_lightning.callbacks import Callback

from phytotron.config.instantiate import instantiate
from phytotron.errors import UserError
from phytotron.tracking.watch import current_journal
from phytotron.training import checkpoint_config, checkpoints
from phytotron.training.build import bare_network, build_data, build_network, build_task
from phytotron.training.callbacks import (
    BestWeights,
    History,
    SeedEvaluation,
    full_weights,
    unable_to_watch,
)
from phytotron.training.checkpointing import STATE, Checkpointing
from phytotron.training.ema import EMA
from phytotron.training.epoch_loop import EpochLoop
from phytotron.training.journal_logger import JournalLogger, Throughput
from phytotron.training.lightning_internals import finished_epochs
from phytotron.training.reproducibility import make_deterministic
from phytotron.training.result import TrainingResult
from phytotron.training.trainer import build_trainer, explaining_failures


def fit_network(config: Mapping[str, Any], scratch: Path) -> TrainingResult | None:
    """Train the network of `config["model"]`, from where it was interrupted if it was.

    Args:
        config: the experiment's config.
        scratch: for the checkpoints.

    Returns:
        None in a process that is not the first of a distributed run.

    Raises:
        Interrupted: a signal ended it gracefully.
        UserError: what the config asks for cannot be done, or the loss is not finite.
    """
    seed = config["seed"]
    starting = config["checkpoint"]
    make_deterministic(seed, config["trainer"]["threads"])
    with explaining_failures(config):
        datamodule = build_data(config)
        network = build_network(config, datamodule)
    task = build_task(config, network, datamodule)

    history = History()
    chosen: list[Callback] = [
        instantiate(node) for node in (config.get("callbacks") or {}).values() if node
    ]
    if unused := unable_to_watch(chosen, datamodule):
        chosen = [callback for callback in chosen if callback not in unused]
    best = next((callback for callback in chosen if isinstance(callback, BestWeights)), None)
    ema = next((callback for callback in chosen if isinstance(callback, EMA)), None)
    checkpointing = Checkpointing(
        scratch / "checkpoints",
        every_n_steps=starting["every_n_steps"],
        every_n_seconds=starting["every_n_seconds"],
        keep=starting["keep"],
    )
    # EMA must run last: it swaps the raw weights back when validation ends.
    chosen.sort(key=lambda callback: isinstance(callback, EMA))
    callbacks = [SeedEvaluation(seed), history, *chosen, Throughput(), checkpointing]
    journal = current_journal()
    logger = JournalLogger(journal) if journal else None
    trainer = build_trainer(config["trainer"], callbacks, scratch, logger)
    if unused and trainer.is_global_zero:
        names = ", ".join(type(callback).__name__ for callback in unused)
        print(f"no validation split: the last epoch counts, without {names}", flush=True)
    trainer.fit_loop.epoch_loop = EpochLoop(trainer, seed, checkpointing)

    state = None
    if starting["mode"] == "fresh":
        if trainer.is_global_zero:
            shutil.rmtree(checkpointing.folder, ignore_errors=True)
    elif last := checkpoints.newest(checkpointing.folder):
        checkpointing.resumed_from, state = last, last / STATE
        facts = checkpoints.facts(last)
        if facts["processes"] != trainer.world_size:
            raise UserError(
                f"was written by {facts['processes']} processes, and here are "
                f"{trainer.world_size}: each would get other batches",
                where=str(last),
                hint="start as many, or start again with its weights: checkpoint.mode=warmstart "
                f"checkpoint.source={last}",
            )
        if trainer.is_global_zero:
            print(f"continuing from step {facts['step']} ({last})", flush=True)
    checkpoint_config.start_weights(network, starting)
    if config["trainer"]["compile"] or config["trainer"]["channels_last"]:
        from phytotron.training.network_form import prepare

        prepare(network, config["trainer"])

    started = time.perf_counter()
    with explaining_failures(config, network):
        trainer.fit(task, datamodule, ckpt_path=state, weights_only=True)
    seconds = time.perf_counter() - started
    weights = best.weights if best else full_weights(ema.average.module if ema else network)
    if not trainer.is_global_zero:
        return None
    # A new network in float32 on the CPU, neither sharded nor compiled: the model does not depend
    # on what it was trained on.
    model = bare_network(config, datamodule)
    model.load_state_dict(weights)
    epochs = finished_epochs(trainer)
    batches = trainer.fit_loop.epoch_loop.total_batch_idx + 1
    last_epoch = int(history.rows[-1]["epoch"]) if history.rows else epochs - 1
    return TrainingResult(
        model=model,
        data=datamodule,
        history=history.rows,
        epochs=epochs,
        steps=trainer.global_step,
        samples=batches * (datamodule.batch_size or len(datamodule.train[0])) * trainer.world_size,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        best_epoch=last_epoch if best is None or best.best_epoch is None else best.best_epoch,
        stopped="max_epochs" if epochs == config["trainer"]["max_epochs"] else "early_stopping",
        seconds=seconds,
        answers=task.answers(datamodule),
        precision=config["trainer"]["precision"],
    )
