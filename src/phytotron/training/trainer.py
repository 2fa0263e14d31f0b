"""A Lightning `Trainer` from the config group `trainer`, and measuring a network with one."""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from pytorch_lightning.loggers import Logger
from pytorch_lightning.plugins.environments import SLURMEnvironment, TorchElasticEnvironment
from pytorch_lightning.utilities.exceptions import MisconfigurationException
from torch import nn

from phytotron.errors import UserError
from phytotron.training.callbacks import SeedEvaluation
from phytotron.training.checkpoints import PlainCheckpointIO
from phytotron.training.failures import explained
from phytotron.training.reproducibility import make_deterministic

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
        from phytotron.training.sharded import ShardedStrategy

        arguments["strategy"] = ShardedStrategy()
    plugins: list[Any] = [PlainCheckpointIO()]
    if (precision := arguments.get("precision")) in ("bf16-mixed", "16-mixed"):
        from phytotron.training.precision import AutocastPrecision, device_type

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


class Processes(NamedTuple):
    """Processes on each node, one for each device, and nodes."""

    devices: int
    nodes: int


def launched() -> Processes | None:
    """The launcher's numbers from its environment; None if training starts its processes itself.

    Lightning expects the config to repeat the launcher's arguments. With the default of one
    device, each process would train the same model alone. So the launcher's numbers are used.

    Raises:
        UserError: the nodes have different numbers of processes.
    """
    if TorchElasticEnvironment.detect():
        here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
        return _processes(here, everywhere, "torchrun: --nproc-per-node")
    if SLURMEnvironment.detect():
        nodes, everywhere = int(os.environ["SLURM_NNODES"]), int(os.environ["SLURM_NTASKS"])
        return _processes(everywhere // nodes, everywhere, "SLURM: --ntasks-per-node")
    return None


def _processes(here: int, everywhere: int, where: str) -> Processes:
    if everywhere % here:
        raise UserError(
            f"{everywhere} processes, {here} of them on this node",
            where=where,
            allowed="the same number on each node",
        )
    return Processes(here, everywhere // here)


@contextmanager
def explaining_failures(
    config: Mapping[str, Any], network: nn.Module | None = None
) -> Iterator[None]:
    """Turn what torch cannot do in this block into an answer that names the key to change.

    Args:
        config: the experiment's config.
        network: to say how many parameters it has.

    Raises:
        UserError: too little memory, an operation that the precision lacks, no compiler.
    """
    try:
        yield
    except Exception as error:  # `explained` was imported before the memory ran out
        if answer := explained(error, config, network):
            raise answer from error
        raise


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
    trainer_node = config["trainer"] | {"precision": "32-true", "strategy": "auto"}
    with (
        tempfile.TemporaryDirectory() as folder,
        explaining_failures({**config, "trainer": trainer_node}),
    ):
        trainer = build_trainer(
            trainer_node,
            [SeedEvaluation(config["seed"])],
            Path(folder),
            devices=1,
            num_nodes=1,
        )
        found = trainer.test(task, datamodule=data, verbose=False)
    return {name: float(value) for name, value in found[0].items()} if found else {}
