"""Check a composed config against the schema and against the files that it is made from.

The groups with keys of a fixed meaning have a schema (`phytotron.config.schema`). Of the others,
such as `model`, the group's file is the schema: an experiment or an override may change a key's
value but neither invent a key nor change its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phytotron.config.components import component_key, names_component
from phytotron.config.composed import Composed
from phytotron.config.imports import parameters
from phytotron.config.keys import check_type, key_paths, value_at
from phytotron.config.mistakes import unknown_key
from phytotron.config.schema import GROUPS, check_groups
from phytotron.config.yaml_positions import line_of

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
            check_type(change.key, before, change.value, change.place)
    check_groups(composed.content, composed.where, has_card="card" in composed.content)


def check_experiment_file(path: Path, own: Mapping[str, Any], groups: Mapping[str, Any]) -> None:
    """Check an experiment file against the groups that it chooses.

    So a misspelt key is an error at its line, and not a new key that nothing reads. The keys of a
    node with a `_target_` that the file writes down itself are the arguments of what it names, as
    far as the source says them; a library's are found out when the object is built.

    Args:
        path: the experiment's file.
        own: its content, without the defaults list.
        groups: what the groups define, merged, without the experiment's own values.

    Raises:
        UserError: a key that the groups do not have, or a value of another type; with file and
            line.
    """

    def where(key: str) -> str | None:
        return f"{path.as_posix()}:{line_of(path, key)}"

    def check_keys(node: Mapping[str, Any], defined: Any, prefix: str) -> None:
        """Check a mapping of the file against what the groups define at the same key."""
        for name, value in node.items():
            key = f"{prefix}{name}"
            # The schema knows more of these keys than the groups' files do.
            if key in GROUPS:
                continue
            if _is_inline(value):
                _check_arguments(value, key, where)
                continue
            if not isinstance(defined, Mapping) or name not in defined:
                # `data: null` in a group leaves it to the experiment what keys there are.
                if prefix and (defined is None or defined == {}):
                    continue
                raise unknown_key(key, key_paths(groups), where(key))
            # A component may be a name, a list or a node, see `replace_names`.
            if prefix.startswith(("model.", "task.")) and names_component(str(name)):
                continue
            check_type(key, defined[name], value, where)
            if isinstance(value, Mapping):
                check_keys(value, defined[name], f"{key}.")

    check_keys(own, groups, "")


def _is_inline(value: Any) -> bool:
    """Whether an experiment file writes a node down itself."""
    return isinstance(value, Mapping) and "_target_" in value


def _check_arguments(
    node: Mapping[str, Any], prefix: str, where: Callable[[str], str | None]
) -> None:
    """Check the keys of a node, and of those inside, against the arguments of their targets."""
    known = parameters(str(node.get("_target_")))
    for name, value in node.items():
        key = f"{prefix}.{name}"
        if known is not None and name not in (*known, "_target_", "_partial_"):
            raise unknown_key(key, [f"{prefix}.{argument}" for argument in known], where(key))
        if _is_inline(value):
            _check_arguments(value, key, where)


def _has_schema(key: str) -> bool:
    return key.split(".")[0] in GROUPS
