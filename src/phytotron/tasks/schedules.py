"""Learning-rate schedules over the steps of a whole run."""

from __future__ import annotations

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from phytotron.errors import UserError


def warmup_linear(optimizer: Optimizer, total_steps: int, warmup: float) -> LambdaLR:
    """Climb linearly to the optimizer's learning rate, then fall linearly to nothing.

    Args:
        optimizer: its learning rate is the peak.
        total_steps: optimizer steps of the run. The step after the last would have rate 0.
        warmup: share of the steps spent climbing, at least 0 and below 1.
    """
    if not 0 <= warmup < 1:
        raise UserError(f"{warmup}", where="scheduler.warmup", allowed="from 0 to below 1")
    climb = round(warmup * total_steps)

    def factor(step: int) -> float:
        if step < climb:
            return (step + 1) / (climb + 1)
        return max(0.0, (total_steps - step) / (total_steps - climb))

    return LambdaLR(optimizer, factor)
