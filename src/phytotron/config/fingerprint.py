"""What a number depends on, as one hash: so a result that is no longer of this code can be told.

The hash covers the resolved config but for the card, and the code of the data, network and task
that the config names, with all that they import of ours. Comments and docstrings do not count, so
that a sentence can be mended without verifying the zoo again. How runs are carried out (training/)
and the libraries are left out too: their versions stand in the result.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from phytotron.config.compose import compose_experiment
from phytotron.config.imports import SOURCE, everything_imported, file_of
from phytotron.config.presets import preset_overrides
from phytotron.config.stage import plain

# The packages whose code makes the number.
_PACKAGES = ("data", "models", "nn", "scratch", "tasks")


def fingerprint(experiment: str, preset: str | None = None, source: Path = SOURCE) -> str:
    """The hash of an experiment's config and code, as 64 hexadecimal digits.

    Args:
        experiment: its id.
        preset: one of its card's presets; None: the file itself.
        source: the folder that has `phytotron/`.
    """
    overrides = preset_overrides(experiment, preset)
    config = plain(compose_experiment(experiment, overrides, seed=0).config)
    config.pop("card", None)
    text = json.dumps({"config": config, "code": _code(config, source)}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _code(config: Mapping[str, Any], source: Path) -> dict[str, str]:
    """The code of each file that the config's targets need, by its path from `source`."""
    folders = [source / "phytotron" / package for package in _PACKAGES]
    needed: set[Path] = set()
    for target in targets(config):
        file = file_of(target.rpartition(".")[0], source)
        if file is not None:
            needed |= everything_imported(file, source)
    return {
        path.relative_to(source).as_posix(): code(path.read_text(encoding="utf-8"))
        for path in sorted(needed)
        if any(path.is_relative_to(folder) for folder in folders)
    }


def targets(node: Any) -> Iterator[str]:
    """Every `_target_` of a config."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "_target_" and isinstance(value, str):
                yield value
            else:
                yield from targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from targets(value)


@cache
def code(text: str) -> str:
    """A Python file's text without comments, docstrings and empty lines."""
    lines = text.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for row in _docstring_rows(node):
                lines[row - 1] = ""
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _docstring_rows(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> range:
    """The lines, from 1, of a docstring that has lines of its own."""
    first = node.body[0] if node.body else None
    if (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
        and first.lineno > getattr(node, "lineno", 0)
    ):
        return range(first.lineno, (first.end_lineno or first.lineno) + 1)
    return range(0)
