"""Where a key stands in a YAML file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from phytotron.config.experiments import SafeLoader


@dataclass(frozen=True)
class Place:
    """A key's place in a file.

    Attributes:
        key: the dotted path of the key, as in `trainer.max_epochs`.
        line: counted from 1.
        value: the value's text as it stands in the file; empty for a mapping.
        comment: the comment at the end of the line, without the mark.
    """

    key: str
    line: int
    value: str
    comment: str


def places(path: Path) -> Iterator[Place]:
    """Every key of a YAML file, with its line; the defaults list of Hydra is left out."""
    text = path.read_text(encoding="utf-8")
    root = yaml.compose(text, Loader=SafeLoader)
    lines = text.splitlines()
    if isinstance(root, yaml.MappingNode):
        yield from _walk(root, "", lines)


def line_of(path: Path, key: str) -> int:
    """The line of a key; 1 when the file does not have it."""
    return next((place.line for place in places(path) if place.key == key), 1)


def set_at(sources: Sequence[tuple[Path, str]], key: str) -> str | None:
    """`file:line` of the last of several merged files that sets a key; None: none of them does.

    Args:
        sources: files, each with the package (the key path) that its content is put at.
        key: the dotted path of the key in the merged config.
    """
    found = None
    for path, package in sources:
        prefix = f"{package}." if package else ""
        for place in places(path):
            if prefix + place.key == key:
                found = f"{path.as_posix()}:{place.line}"
    return found


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
        # The comment stands behind the value, or behind the key of a value that goes on below.
        behind = lines[line][end.column if on_one_line else key_node.end_mark.column :]
        _, _, comment = behind.partition("#")
        yield Place(key, line + 1, "" if is_mapping else value.strip(), comment.strip())
        if is_mapping:
            yield from _walk(value_node, f"{key}.", lines)
