"""FSDP: each process holds a shard of the weights, and gathers a layer when it is computed.

This is torch's second FSDP, `fully_shard` (Zhao et al., 2023; torchtitan: Liang et al., 2024). The
parameters keep their names and become distributed tensors.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
import torch.distributed.checkpoint as dcp
from pytorch_lightning.strategies import ModelParallelStrategy
from torch import Tensor, nn
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.fsdp import fully_shard
from torch.optim.swa_utils import AveragedModel

from phytotron.errors import UserError
from phytotron.training.checkpoints import PlainCheckpointIO
from phytotron.training.lightning_internals import set_data_parallel_size


class ShardedStrategy(ModelParallelStrategy):
    """Shards every network of a task over all processes, on GPUs or CPUs.

    Lightning leaves the sharding to each task's `configure_model`; here it is the same for all
    tasks, see `shard`. A checkpoint is a folder to which each process writes its shards.
    """

    def __init__(self) -> None:
        super().__init__(tensor_parallel_size=1)

    def setup_environment(self) -> None:
        set_data_parallel_size(self, self.num_nodes * self.num_processes)
        super().setup_environment()

    def setup(self, trainer: pl.Trainer) -> None:
        # The order of Lightning's `ModelParallelStrategy.setup`, with `shard` in the place of the
        # task's `configure_model`: optimizers must be made of the sharded parameters.
        assert self.accelerator is not None
        assert self.model is not None
        self.accelerator.setup(trainer)
        self.model = self.precision_plugin.convert_module(self.model)
        self.model_to_device()
        shard(self.model, self.device_mesh["data_parallel"])
        self.barrier()
        self.setup_optimizers(trainer)
        for optimizer in self.optimizers:
            if isinstance(optimizer, torch.optim.SGD) and optimizer.defaults["fused"]:
                raise UserError(
                    "torch has no fused SGD for sharded weights",
                    where="optimizer.fused",
                    allowed="false with strategy=fsdp",
                )
        self.setup_precision_plugin()

    def save_checkpoint(
        self, checkpoint: dict[str, Any], filepath: str | Path, storage_options: Any = None
    ) -> None:
        # Lightning writes a sharded checkpoint without `checkpoint_io`; its errors are kept there.
        assert isinstance(self.checkpoint_io, PlainCheckpointIO)
        with self.checkpoint_io.keeping_errors():
            super().save_checkpoint(checkpoint, filepath, storage_options)


def shard(task: nn.Module, mesh: DeviceMesh) -> None:
    """Shard the networks that a task holds, in place.

    Each entry of an `nn.ModuleList`, such as a layer of a transformer, is gathered separately; the
    rest of a network is gathered together.

    Args:
        task: its networks are its children that have parameters, also inside an `AveragedModel`.
        mesh: the processes, in one dimension.
    """
    for child in task.children():
        network = child.module if isinstance(child, AveragedModel) else child
        lists = [module for module in network.modules() if isinstance(module, nn.ModuleList)]
        # The innermost modules first, as `fully_shard` requires.
        for module in (*(entry for entries in reversed(lists) for entry in entries), network):
            if any(True for _ in module.parameters()):
                # The root's weights are freed after the forward pass, too, so that between two
                # steps the parameters are always the shards.
                fully_shard(module, mesh=mesh, reshard_after_forward=True)


def read_sharded(folder: Path) -> dict[str, Tensor]:
    """The whole state of the task in a sharded checkpoint, in one process, by name."""
    reader = dcp.FileSystemReader(folder)
    prefix = "state_dict."
    state = {
        name: torch.empty(entry.size, dtype=entry.properties.dtype)
        for name, entry in reader.read_metadata().state_dict_metadata.items()
        if isinstance(entry, TensorStorageMetadata) and name.startswith(prefix)
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*load in a single process")
        dcp.load(state, storage_reader=reader, no_dist=True)
    return {name.removeprefix(prefix): value for name, value in state.items()}
