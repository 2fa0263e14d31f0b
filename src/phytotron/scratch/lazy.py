"""Networks whose layers learn their widths from the first input.

Sources: Notes of several courses, Concise linear regression (d2l)
Catalogue: D17
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def infer_shapes(network: nn.Module, *inputs: Tensor) -> nn.Module:
    """Give the lazy layers of a network (`nn.LazyLinear` and the like) their parameters.

    The network sees the inputs once, in evaluation and without gradients, so that running
    statistics stay as they are. Must happen before an optimizer asks for the parameters.

    Args:
        network: changed in place.
        inputs: an example batch; a batch of one is enough.

    Returns:
        The network.
    """
    training = network.training
    with torch.no_grad():
        network.eval()(*inputs)
    return network.train(training)
