"""`trainer.precision: auto`: the fastest of the precisions that the experiment's card allows."""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import Callback

from phytotron.errors import UserError
from phytotron.files import read_json, write_json
from phytotron.training.memory import is_out_of_memory
from phytotron.training.network_form import prepare
from phytotron.training.precision import is_not_computable
from phytotron.training.trainer import build_trainer

CHOICE = "precision.json"
# Steps for each precision; the first of them warm up.
_STEPS, _WARM_UP = 10, 4
# Seconds that the other processes wait for the first one's choice.
_PATIENCE = 600


def choose_precision(
    node: Mapping[str, Any],
    allowed: Sequence[str],
    task: pl.LightningModule,
    datamodule: pl.LightningDataModule,
    scratch: Path,
) -> str:
    """The precision to train with: chosen once for a training, by its first process.

    The choice is kept in the training's scratch folder. So a training that is continued goes on
    with it, and the other processes of a distributed training learn it there.

    Args:
        node: the group `trainer`.
        allowed: the card's precisions.
        task: copies of it are trained for a few steps; it stays as it is, and so does the state
            of torch's random generators.
        datamodule: gives the batches.
        scratch: the folder.

    Raises:
        UserError: none of them can be trained with.
    """
    path = scratch / CHOICE
    first = build_trainer(dict(node) | {"precision": "32-true"}, [], scratch).is_global_zero
    if first and not path.exists():
        seconds = {name: _seconds(name, node, task, datamodule, scratch) for name in allowed}
        possible = {name: value for name, value in seconds.items() if value is not None}
        if not possible:
            raise UserError(
                f"none of {', '.join(allowed)} can be trained with here",
                where="trainer.precision",
                hint="name one of them, to learn why",
            )
        best = min(possible, key=possible.__getitem__)
        scratch.mkdir(parents=True, exist_ok=True)
        write_json(path, {"precision": best, "seconds": seconds})
        shown = ", ".join(
            f"{name} not possible" if value is None else f"{name} {1000 * value:.1f} ms"
            for name, value in seconds.items()
        )
        print(f"precision {best} (a step: {shown})", flush=True)
    return str(_read(path))


def _read(path: Path) -> str:
    """The choice, waiting for the first process to write it if need be."""
    deadline = time.monotonic() + _PATIENCE
    while not path.exists():
        if time.monotonic() > deadline:
            raise UserError(
                f"the first process has chosen no precision within {_PATIENCE} s",
                where=str(path),
                hint="is this folder the same one on all nodes?",
            )
        time.sleep(0.05)
    return read_json(path)["precision"]


class _Stopwatch(Callback):
    """The seconds of each step; on an accelerator until it has done it."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def on_train_batch_start(self, trainer: pl.Trainer, *_: Any) -> None:
        self._started = time.perf_counter()

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize()
        self.seconds.append(time.perf_counter() - self._started)


def _seconds(
    precision: str,
    node: Mapping[str, Any],
    task: pl.LightningModule,
    datamodule: pl.LightningDataModule,
    scratch: Path,
) -> float | None:
    """The median seconds of a step on one device; None if there is no such step here."""
    stopwatch = _Stopwatch()
    with torch.random.fork_rng():
        copied = copy.deepcopy(task)
        network = copied.network
        assert isinstance(network, torch.nn.Module)
        prepare(network, node)
        trainer = build_trainer(
            dict(node) | {"precision": precision},
            [stopwatch],
            scratch,
            # One process by itself, whatever a launcher has started.
            devices=1,
            num_nodes=1,
            strategy="auto",
            max_epochs=-1,
            max_steps=_STEPS,
            limit_val_batches=0,
        )
        try:
            trainer.fit(copied, copy.copy(datamodule))
        except RuntimeError as error:
            if not (is_out_of_memory(error) or is_not_computable(error)):
                raise
            return None
    return statistics.median(stopwatch.seconds[_WARM_UP:])
