"""A running average of the weights."""

from __future__ import annotations

import pytorch_lightning as pl
from pytorch_lightning.callbacks import Callback
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from phytotron.errors import UserError


class EMA(Callback):
    """Validates and saves an exponential moving average of the weights (Polyak and Juditsky, 1992).

    The average is a submodule of the task, `task.average`, so it is saved, restored and sharded
    with everything else. It is updated after each step of the first optimizer. Buffers, such as the
    statistics of a batch norm, are not averaged but copied.

    EMA must run after the callbacks that read the weights when a validation ends: it swaps the raw
    weights back then.

    Args:
        decay: the share of the old average that stays at each step, in [0, 1).

    Attributes:
        average: its `module` is the network with the averaged weights.
    """

    # Lightning's own `WeightAveraging` swaps the raw weights back before `on_validation_end`, so
    # `BestWeights` could not keep the average. It also needs a hook after each batch.

    def __init__(self, decay: float) -> None:
        if not 0 <= decay < 1:
            raise UserError(f"{decay}", where="callbacks.ema.decay", allowed="from 0 to below 1")
        self.decay = decay

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.average = AveragedModel(
            _network(pl_module), multi_avg_fn=get_ema_multi_avg_fn(self.decay)
        )
        pl_module.average = self.average.requires_grad_(False)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        network = _network(pl_module)
        # A hook of the optimizer, not of the loop: it is called in single steps, in several steps
        # per execution, and in manual optimization.
        trainer.optimizers[0].register_step_post_hook(
            lambda *_: self.average.update_parameters(network)
        )

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._swap(pl_module)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._swap(pl_module)

    def _swap(self, task: pl.LightningModule) -> None:
        """Exchange the raw weights and the average, by exchanging the modules."""
        task.network, self.average.module = self.average.module, _network(task)


def _network(task: pl.LightningModule) -> nn.Module:
    assert isinstance(task.network, nn.Module)
    return task.network
