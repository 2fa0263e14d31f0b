"""A Lightning `Trainer` from the config group `trainer`."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities.exceptions import MisconfigurationException

from phytotron.errors import UserError
from phytotron.training.checkpoint_io import PlainCheckpointIO
from phytotron.training.launch import Processes, launched
from phytotron.training.precision import AutocastPrecision, device_type
from phytotron.training.sharded import ShardedStrategy

# Keys of the group `trainer` that are not arguments of Lightning's `Trainer`.
_OWN_KEYS = ("threads", "compile", "channels_last")


def build_trainer(
    node: Mapping[str, Any],
    callbacks: Sequence[Callback],
    scratch: Path,
    logger: Logger | None = None,
    **others: Any,
) -> pl.Trainer:
    """The trainer that a config asks for: quiet, without progress bars.

    Checkpointing is handled by `Checkpointing`, not by the trainer.

    Args:
        node: the group `trainer`. Its keys that are not the trainer's are used by
            `make_deterministic` and `network_form.prepare`.
        callbacks: in the order in which they are called.
        scratch: where callbacks keep files while training.
        logger: receives what the task logs.
        others: arguments of `Trainer` that override those of the group.

    Raises:
        UserError: the config asks for devices or nodes that do not exist.
    """
    _quieten()
    # Without this cuBLAS refuses deterministic algorithms. It is read when CUDA is initialised.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    arguments = {key: value for key, value in node.items() if key not in _OWN_KEYS}
    processes = launched() or Processes(node["devices"], 1)
    if node.get("num_nodes") not in (None, processes.nodes):
        raise UserError(
            f"{node['num_nodes']}, but training was started on {processes.nodes}",
            where="trainer.num_nodes",
            hint="torchrun or srun start it on several, see docs/scale.md",
        )
    arguments |= {"devices": processes.devices, "num_nodes": processes.nodes}
    if node.get("strategy") == "fsdp":
        arguments["strategy"] = ShardedStrategy()
    plugins: list[Any] = [PlainCheckpointIO()]
    if (precision := arguments.get("precision")) in ("bf16-mixed", "16-mixed"):
        del arguments["precision"]
        plugins.append(AutocastPrecision(precision, device_type(node["accelerator"])))
    try:
        return pl.Trainer(
            **arguments | others,
            callbacks=list(callbacks),
            plugins=plugins,
            default_root_dir=scratch,
            logger=logger or False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,  # data modules divide the batches themselves
        )
    except (MisconfigurationException, ValueError) as error:
        raise UserError(" ".join(str(error).split()), where="trainer") from error


def _quieten() -> None:
    """Silence Lightning's banner and tips; its warnings about real mistakes stay."""
    for name in ("pytorch_lightning.utilities.rank_zero", "lightning_fabric.utilities.distributed"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", message=".*does not have many workers.*")
    warnings.filterwarnings("ignore", message=".*number of training batches.*smaller than the")
    # The next two are about data without a validation split, which is allowed here.
    warnings.filterwarnings("ignore", message="Total length of `list` across ranks is zero")
    warnings.filterwarnings("ignore", message=".*`val_dataloader` but have no `validation_step`")
    warnings.filterwarnings("ignore", message=".*treespec, LeafSpec.*deprecated")
