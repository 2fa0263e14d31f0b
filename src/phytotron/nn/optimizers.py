"""Optimizers that PyTorch lacks; conf/optimizer/ lists all that can be chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch.optim import SGD, Adam, Optimizer


class AdamThenSGD(Optimizer):
    """PyTorch's Adam for the first steps, its SGD with momentum from then on.

    Adam progresses fast at first, SGD generalises better in the end (Keskar and Socher,
    "Improving Generalization Performance by Switching from Adam to SGD", 2017; here the step of
    the switch is given and not found).

    Args:
        params: as for any optimizer.
        lr: Adam's learning rate. A schedule of it changes SGD's, too.
        sgd_factor: SGD's learning rate as a multiple of Adam's.
        switch_step: steps that Adam takes.
        momentum: of SGD.
        betas, eps: of Adam.
    """

    def __init__(
        self,
        params: Any,
        lr: float,
        *,
        sgd_factor: float,
        switch_step: int,
        momentum: float,
        betas: Sequence[float] = (0.9, 0.999),
        eps: float = 1e-8,
    ) -> None:
        given = list(params)
        self.adam = Adam(given, lr=lr, betas=(betas[0], betas[1]), eps=eps)
        self.sgd = SGD(given, lr=lr * sgd_factor, momentum=momentum)
        own = {"lr": lr, "sgd_factor": sgd_factor, "switch_step": switch_step, "steps": 0}
        super().__init__(given, self.sgd.defaults | self.adam.defaults | own)

    def step(self, closure: Any = None) -> Any:
        """One step; `closure`, if given, computes the loss and its gradients."""
        steps, switch = (self.param_groups[0][key] for key in ("steps", "switch_step"))
        if steps == switch:
            self.state.clear()  # Adam's averages are not used any more
        inner = self.adam if steps < switch else self.sgd
        # Both work on this optimizer's own groups and state, which are what is saved and restored
        # and what a schedule changes.
        inner.param_groups, inner.state = self.param_groups, self.state
        rates = [group["lr"] for group in self.param_groups]
        if inner is self.sgd:
            for group in self.param_groups:
                group["lr"] *= group["sgd_factor"]
        loss = inner.step(closure)
        for group, rate in zip(self.param_groups, rates, strict=True):
            group["lr"] = rate
            group["steps"] += 1
        return loss
