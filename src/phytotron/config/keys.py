"""Dotted keys in nested mappings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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


def merge_all(parts: Iterable[tuple[Mapping[Any, Any], str]]) -> dict[Any, Any]:
    """Merge mappings, each at a key path (empty for the top); what comes later wins."""
    merged: dict[Any, Any] = {}
    for content, package in parts:
        # {"a": {"b": content}} for the package a.b
        for part in reversed(package.split(".") if package else []):
            content = {part: content}
        _merge(merged, content)
    return merged


def _merge(into: dict[Any, Any], other: Mapping[Any, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, Mapping):
            before = into.get(key)
            # A copy, so that no mapping that was passed in is changed.
            into[key] = dict(before) if isinstance(before, Mapping) else {}
            _merge(into[key], value)
        else:
            into[key] = value
