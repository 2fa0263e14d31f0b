"""Turn a config node with a `_target_` into the object that it describes.

The stages after `compose` read finished YAML and need nothing of Hydra; this is the small part of
`hydra.utils.instantiate` that they use.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from phytotron.errors import UserError, did_you_mean


def instantiate(node: Mapping[str, Any], *args: Any, **extra: Any) -> Any:
    """Call the class or function that `node["_target_"]` names.

    Keys other than `_target_` are its keyword arguments; nested nodes that have a `_target_` are
    instantiated first. `extra` adds to the node's own keys and wins over them.

    Raises:
        UserError: the target cannot be imported, or does not accept an argument.
    """
    target = locate(node["_target_"])
    arguments = {key: _value(value) for key, value in node.items() if key != "_target_"}
    try:
        return target(*args, **(arguments | extra))
    except TypeError as error:
        raise UserError(f"{node['_target_']} cannot be built: {error}") from error


def locate(path: str) -> Any:
    """The object behind a dotted path such as `torch.optim.AdamW`."""
    module_name, _, name = path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise UserError(f"cannot import '{path}': {error}") from error
    if not hasattr(module, name):
        raise UserError(f"'{module_name}' has no '{name}'", hint=did_you_mean(name, dir(module)))
    return getattr(module, name)


def _value(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "_target_" in value:
            return instantiate(value)
        return {key: _value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value(inner) for inner in value]
    return value
