"""The line of a key in a YAML file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

# libyaml parses ten times as fast as PyYAML's own code.
try:
    from yaml import CSafeLoader as SafeLoader
except ImportError:  # a PyYAML that was built without libyaml
    from yaml import SafeLoader  # type: ignore[assignment]


@dataclass(frozen=True)
class Place:
    """A key's place in a file.

    Attributes:
        key: the dotted path of the key, as in `trainer.max_epochs`.
        line: counted from 1.
        value: the value's text as the file has it; empty for a mapping.
        comment: the comment at the end of the line, without the mark.
    """

    key: str
    line: int
    value: str
    comment: str


def places(path: Path) -> list[Place]:
    """Every key of a YAML file, with its line; the defaults list of Hydra is left out."""
    text = path.read_text(encoding="utf-8")
    root = _root(text)
    lines = text.splitlines()
    return list(_walk(root, "", lines)) if isinstance(root, yaml.MappingNode) else []


def line_of(path: Path, key: str) -> int:
    """The line of a key; 1 when the file does not have it."""
    return next((place.line for place in places(path) if place.key == key), 1)


def set_at(sources: Sequence[tuple[Path, str]], key: str) -> str | None:
    """`file:line` of the last of several merged files that sets a key; None: none of them does.

    An item of a list, as in `site.labels[3].match`, is found at its own line. A key that no file
    has is looked for where it is missing: at the line of the mapping that should have it.

    Args:
        sources: files, each with the package (the key path) that its content is put at.
        key: the dotted path of the key in the merged config.
    """
    parts = re.findall(r"[^.\[\]]+", key)
    found, depth = None, 0
    for path, package in sources:
        at = package.split(".") if package else []
        if parts[: len(at)] != at:  # the file fills another group
            continue
        root = _root(path.read_text(encoding="utf-8"))
        line, reached = _deepest(root, parts[len(at) :])
        # A later file wins, unless an earlier one has more of the path.
        if (reached or at) and len(at) + reached >= depth:
            found, depth = f"{path.as_posix()}:{line}", len(at) + reached
    return found


def _deepest(node: yaml.Node | None, parts: Sequence[str]) -> tuple[int, int]:
    """The line of the part of a path that a node has, and how many steps that is."""
    line = 1
    for steps, part in enumerate(parts):
        if isinstance(node, yaml.SequenceNode) and part.isdecimal():
            below = node.value[int(part) : int(part) + 1]
            line = below[0].start_mark.line + 1 if below else line
        elif isinstance(node, yaml.MappingNode):
            pairs = [pair for pair in node.value if pair[0].value == part]
            below = [value for _, value in pairs]
            line = pairs[0][0].start_mark.line + 1 if pairs else line
        else:
            below = []
        if not below:
            return line, steps
        node = below[0]
    return line, len(parts)


@lru_cache(maxsize=64)
def _root(text: str) -> yaml.Node | None:
    return yaml.compose(text, Loader=SafeLoader)


def _walk(node: yaml.MappingNode, prefix: str, lines: list[str]) -> Iterator[Place]:
    for key_node, value_node in node.value:
        key = f"{prefix}{key_node.value}"
        if key == "defaults":
            continue
        line = key_node.start_mark.line
        start, end = value_node.start_mark, value_node.end_mark
        is_mapping = isinstance(value_node, yaml.MappingNode)
        on_one_line = start.line == end.line == line
        value = lines[line][start.column : end.column] if on_one_line else ""
        # The comment is after the value, or after the key where the value begins below.
        after = lines[line][end.column if on_one_line else key_node.end_mark.column :]
        _, _, comment = after.partition("#")
        yield Place(key, line + 1, "" if is_mapping else value.strip(), comment.strip())
        if is_mapping:
            yield from _walk(value_node, f"{key}.", lines)
