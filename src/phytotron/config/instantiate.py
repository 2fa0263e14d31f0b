"""Turn a config node with a `_target_` into the object that it describes.

The stages after `compose` read finished YAML and need nothing of Hydra. This is the small part of
`hydra.utils.instantiate` that they use, and the context, from which a part gets what it asks for.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

from phytotron.errors import UserError, did_you_mean

_OWN = ("_target_", "_partial_")


def instantiate(
    node: Mapping[str, Any], *args: Any, context: Mapping[str, Any] | None = None, **extra: Any
) -> Any:
    """Call the class or function that `node["_target_"]` names.

    Keys other than `_target_` are its keyword arguments; nested nodes that have a `_target_` are
    instantiated first. A node with `_partial_: true` gives the call itself, to be made later
    (`functools.partial`).

    Args:
        node: the config node.
        args: positional arguments of the call.
        context: values by argument name. A call gets those that its signature names and that its
            node leaves out or null, and so do the nested ones. So a network says what it must know
            of the data (`num_classes`), and a loss that it needs the frequencies of the classes.
        extra: arguments of the call that add to the node's own keys and win over them.

    Raises:
        UserError: the target cannot be imported, or does not accept an argument.
    """
    target = locate(node["_target_"])
    context = context or {}
    arguments = {key: _value(value, context) for key, value in node.items() if key not in _OWN}
    # A signature takes long to read, so not without need.
    if context:
        names = inspect.signature(target).parameters
        arguments |= {
            name: value
            for name, value in context.items()
            if name in names and arguments.get(name) is None
        }
    # Arguments that the caller passes win over the node and the context.
    arguments |= extra
    if node.get("_partial_"):
        return partial(target, *args, **arguments)
    try:
        return target(*args, **arguments)
    except UserError:  # a ValueError too, but one with a better text
        raise
    except (TypeError, ValueError) as error:  # arguments, or values, that it does not take
        raise UserError(f"{node['_target_']} cannot be built: {error}") from error


def locate(path: str) -> Any:
    """The object of a dotted path such as `torch.optim.AdamW`."""
    module_name, _, name = path.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, ValueError) as error:
        raise UserError(f"cannot import '{path}': {error}") from error
    if not hasattr(module, name):
        raise UserError(f"'{module_name}' has no '{name}'", hint=did_you_mean(name, dir(module)))
    return getattr(module, name)


def _value(value: Any, context: Mapping[str, Any]) -> Any:
    if isinstance(value, Mapping):
        if "_target_" in value:
            return instantiate(value, context=context)
        return {key: _value(inner, context) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value(inner, context) for inner in value]
    return value
