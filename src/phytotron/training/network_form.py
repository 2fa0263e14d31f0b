"""What a network is turned into before it is trained: compiled, or with its channels last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from phytotron.errors import UserError


def prepare(network: nn.Module, node: Mapping[str, Any]) -> None:
    """Do what the config group `trainer` asks for, in place. Names and values of weights stay.

    Raises:
        UserError: the network cannot be so.
    """
    if node.get("channels_last"):
        put_channels_last(network)
    if mode := node.get("compile"):
        # With fixed sizes torch would compile for the first batch, and for any size from the
        # second one on: a resumed training, which meets another batch first, would be rounded
        # differently.
        network.compile(mode=mode, dynamic=True)


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


@contextmanager
def compiled() -> Iterator[None]:
    """Answer a network that cannot be compiled, or a compiler that is not there.

    Raises:
        UserError: so it is.
    """
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield
    except TorchDynamoException as error:
        raise UserError(
            f"torch cannot compile this network here: {str(error).strip().splitlines()[0]}",
            where="trainer.compile",
            hint="set it to null",
        ) from error
