"""Dotted keys in nested mappings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def key_paths(config: Mapping[Any, Any], prefix: str = "") -> Iterator[str]:
    """The dotted paths of all keys, leaves and inner ones."""
    for key, value in config.items():
        path = f"{prefix}{key!s}"
        yield path
        if isinstance(value, Mapping):
            yield from key_paths(value, f"{path}.")


def has_key(config: Mapping[Any, Any], key: str) -> bool:
    """Whether a key is in the config, even if its value is null."""
    parent, _, name = key.rpartition(".")
    node = value_at(config, parent) if parent else config
    return isinstance(node, Mapping) and name in node


def value_at(config: Mapping[Any, Any], key: str) -> Any:
    """The value of a key; None where a part of the path is missing."""
    node: Any = config
    for part in key.split("."):
        if not isinstance(node, Mapping) or part not in node:
            return None
        node = node[part]
    return node


def put(config: dict[str, Any], key: str, value: Any) -> None:
    """Set the value of a key whose parent is in the config."""
    parent, _, name = key.rpartition(".")
    node = value_at(config, parent) if parent else config
    node[name] = value


def merge(into: dict[Any, Any], other: Mapping[Any, Any], package: str = "") -> None:
    """Merge a mapping into another, at the key path `package`; what comes later wins."""
    for part in reversed(package.split(".") if package else []):
        other = {part: other}
    for key, value in other.items():
        if isinstance(value, Mapping):
            before = into.get(key)
            into[key] = dict(before) if isinstance(before, Mapping) else {}
            merge(into[key], value)
        else:
            into[key] = value
