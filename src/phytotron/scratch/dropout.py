"""Dropout: units, or whole features, are left out at random while training.

PyTorch's layers do it the inverted way: what stays is divided by the probability of keeping it, so
that the expected output is the input and nothing is left to do in evaluation. Each mask is one of
2^n sub-networks that share their weights (Srivastava et al., "Dropout: A Simple Way to Prevent
Neural Networks from Overfitting", 2014). Usual rates are 0.2 to 0.5.

Sources: Rajput 2023, ch. 4, ch. 9; Pattanayak 2023, ch. 3; Notes of several courses, Setting up an
    ML application; Vasilev 2023, ch. 3; Notes of a neural-network module, Regularisation and tuning
Catalogue: D35
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LAYERS = (nn.Dropout, nn.Dropout1d, nn.Dropout2d)


def dropout(rate: float, spatial: int = 0) -> nn.Module:
    """Leaves out units (spatial = 0), or features with all their positions (1 and 2 dimensions).

    Neighbouring positions of a feature hold much the same, so that leaving out single ones would
    take little away (Tompson et al., 2015).

    Args:
        rate: the probability of leaving out.
        spatial: dimensions after (batch, features).
    """
    return _LAYERS[spatial](rate)


class WeightScalingDropout(nn.Module):
    """Dropout as it was first: nothing is scaled while training, all is in evaluation.

    For comparison only: the output's mean is the same in both modes, but not that of the inverted
    form, and evaluation costs a multiplication.

    Args:
        rate: the probability of leaving a unit out.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.keep = 1 - rate

    def forward(self, inputs: Tensor) -> Tensor:
        """Any shape."""
        if not self.training:
            return self.keep * inputs
        return inputs * torch.empty_like(inputs).bernoulli_(self.keep)
