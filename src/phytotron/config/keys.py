"""Dotted keys in nested mappings, and the types of their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from phytotron.config.mistakes import wrong_value


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


def check_type(key: str, before: Any, after: Any, where: Callable[[str], str | None]) -> None:
    """Refuse a value whose type is not that of the value which it replaces.

    A null may become anything and anything null; a whole number may replace a real one, and
    an interpolation such as `${seed}` may become anything.

    Args:
        key: the dotted key.
        before: the value that the key has by default.
        after: the value that replaces it.
        where: gives the place of a dotted key; called only to report a mistake.

    Raises:
        UserError: the types differ.
    """
    if before is None or after is None or _is_interpolation(before) or _is_interpolation(after):
        return
    # `lr: 1` is a natural way to write `lr: 1.0`, but `epochs: 1.5` is a mistake.
    wanted, found = _kind(before), _kind(after)
    if wanted == found or (wanted, found) == ("a number", "a whole number"):
        return
    such_as = "" if isinstance(before, Mapping) else f", such as {before!r}"
    raise wrong_value(key, after, f"{wanted}{such_as}", where(key))


def _is_interpolation(value: Any) -> bool:
    return isinstance(value, str) and "${" in value


def _kind(value: Any) -> str:
    # bool first: to Python, true is a whole number.
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list | tuple):
        return "a list"
    return "a mapping"
