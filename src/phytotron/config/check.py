"""Check a composed config against the schema and against the files that it is made from.

The groups with keys of a fixed meaning have a schema (`phytotron.config.schema`). Of the others,
such as `model`, the group's file is the schema: an experiment or an override may change a key's
value but neither invent a key nor change its type.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phytotron.config.components import component_key
from phytotron.config.composed import Composed
from phytotron.config.experiments import load_yaml
from phytotron.config.keys import has_key, key_paths, value_at
from phytotron.config.mistakes import unknown_key
from phytotron.config.schema import GROUPS, check_groups
from phytotron.config.types import check_type
from phytotron.config.yaml_positions import places

if TYPE_CHECKING:
    from phytotron.config.overrides import Change


def check_composed(composed: Composed, base: Mapping[str, Any], changes: Sequence[Change]) -> None:
    """Check the values of a composed config.

    Args:
        composed: what was composed, with names replaced.
        base: the config before values were overridden: the type of a value there is its type.
        changes: the overrides that applied.

    Raises:
        UserError: a key is unknown or missing, or a value has the wrong type or is out of its
            range; names the file and line, or the override.
    """
    for change in changes:
        # A new key has no type yet, and a component may be a name, a list or a node.
        sets_value = not (change.chooses or change.adds or change.deletes)
        if sets_value and not (_has_schema(change.key) or component_key(change.key)):
            before = value_at(base, change.key)
            check_type(change.key, before, change.value, where=change.where)
    check_groups(composed.content, composed.where, has_card="card" in composed.content)


def check_experiment_file(path: Path, groups: Mapping[str, Any]) -> None:
    """Check an experiment file against the groups that it chooses.

    So a misspelt key is an error at its line, and not a new key that nothing reads. A node with a
    `_target_` that the file writes down itself may have any key: it is its own schema.

    Args:
        path: the experiment's file.
        groups: what the groups define, merged, without the experiment's own values.

    Raises:
        UserError: a key that the groups do not have, or a value of another type; with file and
            line.
    """
    own = load_yaml(path) or {}
    for place in places(path):
        key = place.key
        # The schema knows more of these keys than the groups' files do.
        if _has_schema(key) or _is_inline(own, key):
            continue
        component = component_key(key)
        if component and has_key(groups, component):
            continue  # see `replace_names`
        where = f"{path.as_posix()}:{place.line}"
        if not has_key(groups, key):
            # `data: null` in a group leaves it to the experiment what keys there are.
            parent = key.rpartition(".")[0]
            if parent and _is_open(value_at(groups, parent)):
                continue
            raise unknown_key(key, key_paths(groups), where)
        check_type(key, value_at(groups, key), value_at(own, key), where=where)


def _has_schema(key: str) -> bool:
    return key.split(".")[0] in GROUPS


def _is_inline(own: Mapping[str, Any], key: str) -> bool:
    """Whether a key is inside of a node that the experiment file gives a `_target_`."""
    parts = key.split(".")
    nodes = (value_at(own, ".".join(parts[:end])) for end in range(1, len(parts) + 1))
    return any(isinstance(node, Mapping) and "_target_" in node for node in nodes)


def _is_open(node: Any) -> bool:
    """An empty mapping or null in a group file leaves the keys to the user."""
    return node is None or (isinstance(node, Mapping) and not node)
