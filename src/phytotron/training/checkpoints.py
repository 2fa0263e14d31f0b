"""Checkpoints on the disk: each is complete and verified, or does not count.

A checkpoint is a folder `checkpoint-NNNNNNNN` of files and a manifest with the SHA-256 of each. It
is written beside its final name, flushed to the disk and renamed, so it appears atomically. Damage
after that is found by the manifest, and the checkpoint before it is used.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

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
