"""Files that are either whole or absent.

Every output is written beside its target and renamed into place, so a killed process never
leaves a half-written file under the final name.
"""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replacing(target: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `target` that becomes `target` when the block succeeds.

    The file is flushed to the disk before the rename and the folder after it. When the block
    raises, the temporary file is removed and `target` stays as it was.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    # In the same folder: a rename across file systems would be a copy, which can be cut off.
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        yield temporary
        # First the content, then the name: after a power cut the name never has half a content.
        sync(temporary)
        temporary.replace(target)
        sync(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replacing_folder(target: Path | str) -> Iterator[Path]:
    """Yield an empty temporary folder beside `target` that takes its place at the end.

    When the block raises, the temporary folder is removed and `target` stays as it was.
    """
    target = Path(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_leftovers(target)
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    temporary.mkdir()
    try:
        yield temporary
        for path in sorted(temporary.rglob("*")):
            if path.is_file():
                sync(path)
        # A folder cannot be renamed over a full one, so the old one steps aside first.
        if target.exists():
            old = target.with_name(f".{target.name}.{os.getpid()}.old")
            target.replace(old)
            temporary.replace(target)
            shutil.rmtree(old)
        else:
            temporary.replace(target)
        sync(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _remove_leftovers(target: Path) -> None:
    """Remove what killed processes left beside a target; what a living one writes stays."""
    for path in target.parent.glob(f".{glob.escape(target.name)}.*.*"):
        process, _, kind = path.name.removeprefix(f".{target.name}.").partition(".")
        if not process.isdecimal() or kind not in ("part", "old"):
            continue
        import psutil  # here: leftovers are rare, and this module must load quickly

        if int(process) == os.getpid() or not psutil.pid_exists(int(process)):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def write_text(target: Path | str, text: str) -> None:
    """Write `text` as UTF-8 with Unix line ends, atomically."""
    with replacing(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def write_json(target: Path | str, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys, atomically; the bytes depend on it alone."""
    write_text(target, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def read_json(path: Path | str) -> Any:
    """The value of a JSON file."""
    return json.loads(Path(path).read_text(encoding="utf-8"))


def sha256(path: Path | str) -> str:
    """The SHA-256 of a file, as 64 hexadecimal digits."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Flush a file or a folder to the disk (folders cannot be flushed on Windows)."""
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if os.name != "nt" or path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
