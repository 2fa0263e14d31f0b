"""Checkpoints on the disk: each is complete and verified, or does not count.

A checkpoint is a folder `checkpoint-NNNNNNNN` of files and a manifest with the SHA-256 of each. It
is written beside its final name, flushed to the disk and renamed, so it appears atomically. Damage
after that is found by the manifest, and the checkpoint before it is used.

`PlainCheckpointIO`, at the end, writes and reads the state of a training, one of these files.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from pytorch_lightning.plugins import CheckpointIO
from torch.distributed.checkpoint import CheckpointException

from phytotron.files import read_json, sha256, sync, write_json

MANIFEST = "manifest.json"
_PREFIX, _PART = "checkpoint-", ".part"


def start(folder: Path) -> Path:
    """An empty folder to write the next checkpoint into; `finish` renames it."""
    folder.mkdir(parents=True, exist_ok=True)
    # Of a process that was killed while it wrote or removed a checkpoint.
    for leftover in folder.glob(f"{_PREFIX}*{_PART}"):
        shutil.rmtree(leftover)
    newest = max(map(_number, _all(folder)), default=0)
    part = folder / f"{_PREFIX}{newest + 1:08d}{_PART}"
    part.mkdir()
    return part


def finish(part: Path, facts: dict[str, Any], keep: int) -> Path:
    """Make what was written into `start`'s folder a checkpoint, and remove the oldest ones.

    Args:
        part: what `start` returned.
        facts: of the training's position, for people and `fit_network`.
        keep: checkpoints that stay, this one among them.
    """
    files = sorted(path for path in part.rglob("*") if path.is_file())
    digests = {path.relative_to(part).as_posix(): sha256(path) for path in files}
    content = facts | {"files": digests}
    # The manifest has a digest of itself: a bit flipped in it must be found, too.
    write_json(part / MANIFEST, content | {"manifest": _digest(content)})
    # Everything must be on the disk before the name is: after a power cut a renamed folder may
    # otherwise have empty files. Folders are flushed as well, since they hold the names.
    for path in (*files, *(path for path in part.rglob("*") if path.is_dir()), part):
        sync(path)
    checkpoint = part.with_name(part.name.removesuffix(_PART))
    part.rename(checkpoint)
    sync(checkpoint.parent)
    # Only now, when the new one is safe.
    for old in _all(checkpoint.parent)[:-keep]:
        remove(old)
    return checkpoint


def remove(checkpoint: Path) -> None:
    """Remove a checkpoint; if killed halfway, what is left does not count as one."""
    part = checkpoint.with_name(checkpoint.name + _PART)
    checkpoint.rename(part)
    shutil.rmtree(part)


def newest(folder: Path) -> Path | None:
    """The newest undamaged checkpoint, or None; names damaged ones on stderr."""
    for checkpoint in reversed(_all(folder)):
        problem = damage(checkpoint)
        if problem is None:
            return checkpoint
        print(f"{checkpoint}: {problem}; using the one before it", file=sys.stderr)
    return None


def damage(checkpoint: Path) -> str | None:
    """What is damaged in a checkpoint, or None."""
    try:
        content = facts(checkpoint)
        if content.pop("manifest", None) != _digest(content):
            return f"{MANIFEST} is damaged"
        for name, digest in content["files"].items():
            if sha256(checkpoint / name) != digest:
                return f"{name} is damaged"
    except FileNotFoundError as error:
        return f"{Path(error.filename).name} is missing"
    except (OSError, ValueError) as error:
        return f"{MANIFEST} cannot be read ({error})"
    return None


def facts(checkpoint: Path) -> dict[str, Any]:
    """The facts that `finish` was given, and `files`: the SHA-256 of each."""
    found = read_json(checkpoint / MANIFEST)
    if not isinstance(found, dict):
        raise ValueError(f"not an object: {json.dumps(found)[:20]}")
    return found


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _all(folder: Path) -> list[Path]:
    """All checkpoints, including damaged ones, oldest first."""
    found = (path for path in folder.glob(f"{_PREFIX}*") if path.suffix != _PART)
    return sorted(found, key=_number)


def _number(checkpoint: Path) -> int:
    digits = checkpoint.name.removeprefix(_PREFIX)
    return int(digits) if digits.isdecimal() else 0


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
