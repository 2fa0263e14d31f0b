"""Checks on composed configs: unknown keys and values of the wrong type.

The base file of a group is its schema: an experiment or an override may change a key's value but
neither invent a key nor change its type.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from phytotron.config.components import KINDS
from phytotron.config.yaml_positions import places
from phytotron.errors import UserError, did_you_mean

# What a card holds is checked by the zoo, not by the groups.
_FREE = ("card",)


def key_paths(config: DictConfig, prefix: str = "") -> Iterator[str]:
    """The dotted paths of all keys, leaves and inner ones."""
    for key in config:
        path = f"{prefix}{key!s}"
        yield path
        value = config._get_node(key)
        if isinstance(value, DictConfig) and not value._is_none():
            yield from key_paths(value, f"{path}.")


def has_key(config: DictConfig, key: str) -> bool:
    """Whether a key stands in the config, even if its value is null."""
    parent, _, name = key.rpartition(".")
    node = OmegaConf.select(config, parent) if parent else config
    return isinstance(node, DictConfig) and name in node


def check_file(path: Path, own: DictConfig, groups: DictConfig) -> None:
    """Check an experiment file against the groups that it chooses.

    Args:
        path: the experiment's file.
        own: its content.
        groups: what these groups define, merged, without the experiment's own values.

    Raises:
        UserError: a key that they do not have, or a value of another type; with file and line.
    """
    known = list(key_paths(groups))
    for place in places(path):
        if place.key.split(".")[0] in _FREE:
            continue
        where = f"{path}:{place.line}"
        if (component := component_key(place.key)) and has_key(groups, component):
            continue  # see `replace_names`
        if not has_key(groups, place.key):
            parent = place.key.rpartition(".")[0]
            if parent and _is_open(OmegaConf.select(groups, parent)):
                continue
            raise UserError(
                f"unknown key '{place.key}'", where=where, hint=did_you_mean(place.key, known)
            )
        before, after = OmegaConf.select(groups, place.key), OmegaConf.select(own, place.key)
        check_value(place.key, before, after, where=where)


def check_value(key: str, before: Any, after: Any, *, where: str) -> None:
    """Refuse a value whose type is not that of the value which it replaces.

    A null may become anything and anything null; a whole number may stand for a real one.
    """
    if before is None or after is None:
        return
    wanted, found = _kind(before), _kind(after)
    if wanted == found or (wanted, found) == ("a number", "a whole number"):
        return
    raise UserError(
        f"'{key}' is {after!r}, {found}", where=where, allowed=f"{wanted}, such as {before!r}"
    )


def component_key(key: str) -> str | None:
    """The part of a dotted key that names a component of a network or a task, if there is one.

    `model.activation` does, and so does `model.activation.slope`, a key of the component's own.
    """
    parts = key.split(".")
    if parts[0] not in ("model", "task"):
        return None
    for position, part in enumerate(parts[1:], 2):
        if part.rpartition("_")[2] in KINDS:
            return ".".join(parts[:position])
    return None


def _is_open(node: Any) -> bool:
    """An empty mapping or null in a group file stands for keys of the user's own."""
    return node is None or (isinstance(node, DictConfig) and len(node) == 0)


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int):
        return "a whole number"
    if isinstance(value, float):
        return "a number"
    if isinstance(value, str):
        return "a text"
    if OmegaConf.is_list(value) or isinstance(value, list | tuple):
        return "a list"
    return "a mapping"
