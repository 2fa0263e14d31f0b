"""How the state of a training gets into a file and back."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins import CheckpointIO
from torch.distributed.checkpoint import CheckpointException


class PlainCheckpointIO(CheckpointIO):
    """`torch.save` to the very path, and nothing but tensors and plain values read back.

    The path lies in a folder that is not a checkpoint yet, so a half-written file does no harm. A
    failure is kept for the caller: were it raised in the one process that writes, the others would
    wait for it.
    """

    def __init__(self) -> None:
        self._error: OSError | None = None

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None
    ) -> None:
        with self.keeping_errors():
            write_state(checkpoint, Path(path))

    @contextlib.contextmanager
    def keeping_errors(self) -> Iterator[None]:
        """Keep the failure of the write in this block."""
        try:
            yield
        except OSError as error:
            self._error = error
        except CheckpointException as error:  # of a checkpoint that all processes write
            self._error = OSError(" ".join(str(error).split()))

    def load_checkpoint(
        self, path: str | Path, map_location: Any = None, weights_only: bool | None = None
    ) -> dict[str, Any]:
        return torch.load(path, map_location="cpu", weights_only=True)

    def remove_checkpoint(self, path: str | Path) -> None:
        with contextlib.suppress(FileNotFoundError):
            Path(path).unlink()

    def pop_error(self) -> OSError | None:
        """The failure of the last write, if it failed."""
        error, self._error = self._error, None
        return error


def write_state(content: Any, path: Path) -> None:
    """`torch.save`.

    Raises:
        OSError: the file cannot be written.
    """
    try:
        with path.open("wb") as file:
            torch.save(content, file)
    except RuntimeError as error:
        # After a failed write torch's own bookkeeping fails as well, and hides it.
        if isinstance(error.__context__, OSError):
            raise error.__context__ from None
        raise
