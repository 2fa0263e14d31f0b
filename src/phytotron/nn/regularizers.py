"""Penalties on the weights of a network, added to the training loss."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from phytotron.nn.shapes import Float


def elastic(network: nn.Module, *, l1: float, l2: float) -> Float[Tensor, ""]:
    """l1 Σ |w| + l2/2 Σ w² over all weights, a scalar.

    Half the squares, so that the gradient is `l2 * w` and `l2` means what `weight_decay` means to
    plain SGD, whose step shrinks each weight by the factor 1 − lr l2. (Keras's L2 is the whole
    sum.) With Adam this is not AdamW's weight decay: the penalty's gradient is rescaled like any
    other.

    Args:
        network: its parameters of two or more dimensions count: neither biases nor the scales
            of normalizations, which only shift and scale.
        l1: factor on the sum of absolute values.
        l2: factor on half the sum of squares, the squared Frobenius norm.
    """
    weights = [weight for weight in network.parameters() if weight.ndim >= 2]
    penalty = torch.zeros((), device=weights[0].device if weights else None)
    for weight in weights:
        if l1:
            penalty = penalty + l1 * weight.abs().sum()
        if l2:
            penalty = penalty + l2 / 2 * weight.square().sum()
    return penalty
