"""What torch cannot do here, answered with the config keys to change: memory, precision, compiler.

`explaining_failures` in `phytotron.training.trainer` asks for an answer when something has failed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

import psutil
import torch
from torch import nn

from phytotron.errors import UserError
from phytotron.machine import peak_memory_mb


def explained(
    error: Exception, config: Mapping[str, Any], network: nn.Module | None = None
) -> UserError | None:
    """The answer to a failure, or None where it is not one of torch's limits.

    Args:
        error: what was raised.
        config: the experiment's config.
        network: to say how many parameters it has.
    """
    first_line = next(iter(str(error).strip().splitlines()), "")
    if is_out_of_memory(error):
        return _out_of_memory(error, config, network)
    if is_not_computable(error):
        precision = config["trainer"]["precision"]
        return UserError(
            f"this network cannot be computed in '{precision}' here: {first_line}",
            where="trainer.precision",
            hint="choose 32-true or bf16-mixed",
        )
    if is_of_the_compiler(error):
        return UserError(
            f"torch cannot compile this network here: {first_line}",
            where="trainer.compile",
            hint="set it to null",
        )
    return None


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed, on a GPU or in the machine's memory."""
    # Only for CUDA does torch have an exception class. Otherwise the message tells; the last one is
    # oneDNN's, and must be equal, since a longer one means that an operation is not implemented.
    words = ("can't allocate memory", "std::bad_alloc", "MPS backend out of memory")
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or (
        isinstance(error, RuntimeError)
        and (
            any(word in str(error) for word in words)
            or str(error) == "could not create a primitive"
        )
    )


def is_not_computable(error: Exception) -> bool:
    """Whether torch lacks an operation for this number format on this device."""
    words = (
        "could not create a primitive descriptor",
        "not implemented for 'Half'",
        "for 'BFloat16'",
    )
    return isinstance(error, RuntimeError) and any(word in str(error) for word in words)


def is_of_the_compiler(error: Exception) -> bool:
    """Whether a compilation failed."""
    # Only a compilation loads this module, which takes a second and memory.
    dynamo = sys.modules.get("torch._dynamo.exc")
    return dynamo is not None and isinstance(
        error, dynamo.TorchDynamoException | dynamo.FailOnRecompileLimitHit
    )


def _out_of_memory(
    error: Exception, config: Mapping[str, Any], network: nn.Module | None
) -> UserError:
    on_gpu = isinstance(error, torch.OutOfMemoryError)
    tried = [
        f"data.batch_size={config['data'].get('batch_size')}",
        f"trainer.precision={config['trainer'].get('precision')}",
    ]
    if network is not None:
        tried.append(f"{sum(parameter.numel() for parameter in network.parameters()):,} parameters")
    if asked := re.search(r"allocate ([\d.]+ \w+)", str(error)):
        tried.append(f"{asked[1]} more asked for")
    if on_gpu:
        used, there = torch.cuda.max_memory_allocated(), torch.cuda.mem_get_info()[1]
        tried.append(f"{used / 1e6:,.0f} MB used of the GPU's {there / 1e6:,.0f} MB")
    else:
        there = psutil.virtual_memory().total
        tried.append(f"{peak_memory_mb():,.0f} MB used of the machine's {there / 1e6:,.0f} MB")
    return UserError(
        f"out of {'GPU ' if on_gpu else ''}memory with {', '.join(tried)}",
        where="training",
        hint="lower data.batch_size (with trainer.accumulate_grad_batches raised by as much the "
        "updates stay the same), or choose a trainer.precision such as bf16-mixed",
    )
