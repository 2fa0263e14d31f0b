"""How many processes a launcher has started: `torchrun`, SLURM, or none."""

from __future__ import annotations

import os
from typing import NamedTuple

from pytorch_lightning.plugins.environments import SLURMEnvironment, TorchElasticEnvironment

from phytotron.errors import UserError


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
