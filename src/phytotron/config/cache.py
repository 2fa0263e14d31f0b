"""Composed and checked configs on disk, so that `phytotron show` need not compose them again.

An entry is found by a hash of everything that a composition depends on: the request, each file of
`conf/`, `params.yaml`, the code of this package, the names of the figures, and the versions of
Python and of the libraries that compose. So an entry cannot be out of date: with any change it has
another name. Configs that ask for more than that, such as an environment variable, are not kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import yaml

from phytotron.config.components import figure_names
from phytotron.config.composed import Composed
from phytotron.config.experiments import CONF

FOLDER = Path("build/cache/config")
_MOST_ENTRIES = 400

# `${oc.env:HOME}` and its like: what they give is not in any file. `${seed}` is.
_RESOLVER = re.compile(rb"\$\{[^}]*:")
_LIBRARIES = ("antlr4_python3_runtime-", "hydra_core-", "omegaconf-", "pydantic", "pyyaml-")


def cached(
    request: Sequence[str | None], files: Sequence[Path], compose: Callable[[], Composed]
) -> Composed:
    """What `compose` gives, from the disk where it was asked for before.

    Args:
        request: what tells this call of `compose` from all others.
        files: what it reads besides `conf/`.
        compose: is called where there is no entry.
    """
    digest = _digest(request, files)
    if digest is None:
        return compose()
    path = FOLDER / f"{digest}.json"
    if (known := _read(path)) is not None:
        return known
    composed = compose()
    _write(path, composed)
    return composed


def _digest(request: Sequence[str | None], files: Sequence[Path]) -> str | None:
    """The hash of all that a composition depends on; None where that cannot be known."""
    asked = json.dumps([sys.version, *_libraries(), *figure_names(), *request])
    hashed = hashlib.sha256(asked.encode())
    if _RESOLVER.search(asked.encode()):
        return None
    code = Path(__file__).parent
    every = [*_files_in(CONF), *files, *sorted(code.rglob("*.py")), *sorted(code.glob("*.csv"))]
    for path in every:
        # A symbolic link to a folder may lead anywhere, even back.
        if path.is_dir():
            return None
        content = path.read_bytes() if path.exists() else b"absent"
        if path.suffix == ".yaml" and _RESOLVER.search(content):
            return None
        name = path.name if path.is_relative_to(code) else path.as_posix()
        hashed.update(f"{name} {len(content)}\n".encode())
        hashed.update(content)
    return hashed.hexdigest()


def _files_in(folder: Path) -> Iterator[Path]:
    """All files below a folder in a fixed order; links to folders are given, not followed."""
    for name, folders, files in os.walk(folder):
        folders.sort()
        parent = Path(name)
        yield from (parent / each for each in folders if (parent / each).is_symlink())
        yield from (parent / each for each in sorted(files))


def _libraries() -> list[str]:
    """Names and versions of the libraries that compose, from the names of their folders."""
    # To ask the libraries, one would have to import them, which takes 50 times as long.
    with os.scandir(Path(yaml.__file__).parents[1]) as packages:
        return sorted(
            package.name
            for package in packages
            if package.name.endswith(".dist-info") and package.name.lower().startswith(_LIBRARIES)
        )


def _read(path: Path) -> Composed | None:
    """An entry, or None where there is none or a power cut left half of it."""
    try:
        entry = json.loads(path.read_text(encoding="utf-8"))
        return Composed(
            content=entry["content"],
            sources=tuple((Path(file), package) for file, package in entry["sources"]),
            overrides=tuple(entry["overrides"]),
            from_params=tuple(entry["from_params"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(path: Path, composed: Composed) -> None:
    """Keep an entry, unless JSON would change it; that the disk is full is no reason to fail."""
    entry = {
        "content": composed.content,
        "sources": [[file.as_posix(), package] for file, package in composed.sources],
        "overrides": list(composed.overrides),
        "from_params": list(composed.from_params),
    }
    text = json.dumps(entry)
    if json.loads(text) != entry:  # a key that is a number becomes a text in JSON
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
        _remove_oldest()
    except OSError:
        return


def _remove_oldest() -> None:
    """Keep the newest entries: with each edit of a config all older ones become useless."""
    entries = list(FOLDER.glob("*.json"))
    if len(entries) > _MOST_ENTRIES:
        entries.sort(key=lambda path: path.stat().st_mtime)
        for path in entries[: -_MOST_ENTRIES // 2]:
            path.unlink(missing_ok=True)
