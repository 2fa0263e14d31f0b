"""What is done to a network before it is trained: compilation, and the channels-last layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from phytotron.errors import UserError

# The most shapes of batches that a network is compiled for; training and validation count apart.
_SIZES = 128


def prepare(network: nn.Module, node: Mapping[str, Any]) -> None:
    """Compile a network and lay it out as the config group `trainer` says, in place.

    Names and values of its weights stay as they are.

    Raises:
        UserError: the network has no convolutions to lay out.
    """
    if node.get("channels_last"):
        put_channels_last(network)
    if mode := node.get("compile"):
        # Each shape of batch is compiled separately. By default torch compiles one kernel for
        # several shapes, tuned for the first one that it meets, and stops compiling after eight. A
        # resumed training meets another shape first, and its results would be rounded differently.
        network.compile(mode=mode, dynamic=False)
        torch._dynamo.config.recompile_limit = _SIZES
        torch._dynamo.config.fail_on_recompile_limit_hit = True


def put_channels_last(network: nn.Module) -> None:
    """Lay images out as (batch, height, width, channels) in memory: faster convolutions.

    Raises:
        UserError: the network has no convolution over images.
    """
    if not any(parameter.dim() == 4 for parameter in network.parameters()):
        raise UserError(
            "this network has no convolutions over images",
            where="trainer.channels_last",
            allowed="false",
        )
    network.to(memory_format=torch.channels_last)
    network.register_forward_pre_hook(_inputs_channels_last)


def _inputs_channels_last(network: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        value.contiguous(memory_format=torch.channels_last)
        if isinstance(value, Tensor) and value.dim() == 4
        else value
        for value in inputs
    )
