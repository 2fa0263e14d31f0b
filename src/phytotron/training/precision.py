"""Mixed precision on any device and with any optimizer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.plugins.precision import MixedPrecision, Precision
from pytorch_lightning.utilities import GradClipAlgorithmType
from torch.optim import Optimizer

from phytotron.training.lightning_internals import after_backward


class AutocastPrecision(MixedPrecision):
    """`bf16-mixed` and `16-mixed`: fewer bits where that is safe (Micikevicius et al., 2018).

    With `16-mixed` the loss is scaled up, so that small gradients do not become zero. Lightning
    replaces it by `bf16-mixed` on a CPU. It also refuses to clip the gradients of a fused
    optimizer, because it lets the optimizer unscale them. Torch can do both.

    Args:
        precision: `bf16-mixed` or `16-mixed`.
        device: `cuda`, `cpu` or `mps`.
    """

    def optimizer_step(  # type: ignore[override]
        self,
        optimizer: Optimizer,
        model: pl.LightningModule,
        closure: Callable[[], Any],
        **kwargs: Any,
    ) -> Any:
        if self.scaler is None:
            return super().optimizer_step(optimizer, model, closure, **kwargs)
        # Forward and backward pass, with the scaled loss.
        loss = closure()
        if loss is None and model.automatic_optimization:  # the task left this batch out
            return None
        # Unscaled before they are clipped, so that the limit means what the config says.
        self.scaler.unscale_(optimizer)
        after_backward(self, model, optimizer)
        # Leaves out the update if a gradient is not finite; then the scale is lowered.
        output = self.scaler.step(optimizer, **kwargs)
        self.scaler.update()
        return output

    def clip_gradients(
        self,
        optimizer: Optimizer,
        clip_val: int | float = 0.0,
        gradient_clip_algorithm: GradClipAlgorithmType = GradClipAlgorithmType.NORM,
    ) -> None:
        # Not `MixedPrecision`'s method, which raises for a fused optimizer.
        Precision.clip_gradients(self, optimizer, clip_val, gradient_clip_algorithm)


def device_type(accelerator: str) -> str:
    """The torch device type that a value of `trainer.accelerator` means on this machine."""
    if accelerator in ("auto", "gpu"):
        if torch.cuda.is_available():
            return "cuda"
        if torch.backends.mps.is_available():
            return "mps"
    return "cpu" if accelerator == "auto" else {"gpu": "cuda"}.get(accelerator, accelerator)
