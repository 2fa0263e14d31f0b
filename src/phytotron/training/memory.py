"""Out of memory: the answer says what was tried and which keys to lower."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psutil
import torch
from torch import nn

from phytotron.errors import UserError
from phytotron.machine import peak_memory_mb


@contextmanager
def enough_memory(config: Mapping[str, Any], network: nn.Module | None = None) -> Iterator[None]:
    """Turn a failed allocation in this block into an answer that helps.

    Args:
        config: the experiment's config.
        network: to say how many parameters it has.

    Raises:
        UserError: the memory was not enough.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise _explained(error, config, network) from error


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an allocation failed, on a GPU or in the machine's memory."""
    # Only for CUDA does torch have an exception class. Otherwise the message tells; the last one is
    # oneDNN's, and must be equal, since a longer one means that an operation is not implemented.
    words = ("can't allocate memory", "std::bad_alloc", "MPS backend out of memory")
    return (
        isinstance(error, torch.OutOfMemoryError | MemoryError)
        or any(word in str(error) for word in words)
        or str(error) == "could not create a primitive"
    )


def _explained(
    error: BaseException, config: Mapping[str, Any], network: nn.Module | None
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
