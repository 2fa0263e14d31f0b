"""Which files of ours a file imports, read from the source without running it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

SOURCE = Path(__file__).parents[2]


def file_of(module: str, source: Path = SOURCE) -> Path | None:
    """The file of one of our modules; None for a name inside a module, or a foreign one."""
    base = source / module.replace(".", "/")
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def imports(path: Path, source: Path = SOURCE) -> frozenset[Path]:
    """The files of ours that a file imports, at the top or inside a function."""
    return _imports(path.read_text(encoding="utf-8"), source)


@cache
def _imports(text: str, source: Path) -> frozenset[Path]:
    found: set[Path] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        files = (file_of(name, source) for name in names if name.split(".")[0] == "phytotron")
        found |= {file for file in files if file}
    return frozenset(found)


def everything_imported(path: Path, source: Path = SOURCE) -> set[Path]:
    """A file and all files of ours that it needs, by way of others too."""
    seen: set[Path] = set()
    waiting = [path]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting.extend(imports(current, source))
    return seen
