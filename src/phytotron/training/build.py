"""Data, network and task, as a config describes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from phytotron.config.instantiate import instantiate

if TYPE_CHECKING:  # whoever reads a model folder needs no torch for this module
    from torch import nn


def build_data(config: Mapping[str, Any]) -> Any:
    """What the config's group `data` describes; None where the group is not used.

    Args:
        config: the experiment's config.
    """
    return instantiate(config["data"]) if config.get("data") else None


def build_network(config: Mapping[str, Any], data: Any) -> nn.Module:
    """The network, told what it asks to know of the data, with its first weights."""
    network = bare_network(config, data)
    if config.get("initializer"):
        instantiate(config["initializer"])(network)
    return network


def bare_network(config: Mapping[str, Any], data: Any) -> nn.Module:
    """The network with the weights that its layers begin with."""
    return instantiate(config["model"], context=network_context(data))


def build_task(config: Mapping[str, Any], network: nn.Module, data: Any) -> Any:
    """The way in which a network is trained.

    It and its parts, such as a loss, may ask for the dimensions of the data, the frequencies of
    its classes, and the data module itself under the name `data`.
    """
    regularizer = config.get("regularizer")
    return instantiate(
        config["task"],
        context=task_context(data),
        network=network,
        optimizer=config.get("optimizer"),
        scheduler=config.get("scheduler"),
        regularizer=instantiate(regularizer) if regularizer else None,
    )


def network_context(data: Any) -> dict[str, Any]:
    """What a network may ask to know of its data.

    Its dimensions, with `num_outputs` set where they do not say it: a classifier has one logit for
    each class.
    """
    known = dict(getattr(data, "dimensions", {}))
    return known | {"num_outputs": known.get("num_outputs", known.get("num_classes"))}


def task_context(data: Any) -> dict[str, Any]:
    """What a task and its parts, such as a loss or a metric, may ask to know of their data."""
    known = dict(data.dimensions)
    known |= {"class_counts": getattr(data, "class_counts", None), "data": data}
    return {name: value for name, value in known.items() if value is not None}
