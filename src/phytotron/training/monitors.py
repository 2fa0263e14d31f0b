"""Which metric callbacks watch: by default the one that the experiment's card names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from phytotron.errors import UserError


def with_monitors(
    callbacks: Mapping[str, Any] | None, card: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """Callbacks whose `monitor` or `mode` is null, told which metric and direction they watch.

    A card that measures `test/rmse` with the goal `min` makes them watch `val_rmse`, `min`.

    Args:
        callbacks: the config's group.
        card: the experiment's, with `metric` and `goal`.

    Raises:
        UserError: a callback names no metric, and neither does the card.
    """
    if not callbacks:
        return None if callbacks is None else {}
    return {name: _told(name, node, card or {}) for name, node in callbacks.items()}


def _told(name: str, node: Any, card: Mapping[str, Any]) -> Any:
    if not isinstance(node, Mapping):
        return node
    told = dict(node)
    if "monitor" in node and node["monitor"] is None:
        told["monitor"] = f"val_{_card(name, 'monitor', card, 'metric').partition('/')[2]}"
    if "mode" in node and node["mode"] is None:
        told["mode"] = _card(name, "mode", card, "goal")
    return told


def _card(name: str, key: str, card: Mapping[str, Any], wanted: str) -> str:
    if not card.get(wanted):
        raise UserError(
            f"is null, and the card has no {wanted}",
            where=f"callbacks.{name}.{key}",
            hint=f"set it, or card.{wanted}",
        )
    return str(card[wanted])


def unable_to_watch(callbacks: Iterable[Any], data: Any) -> list[Any]:
    """The callbacks that watch a validation metric of data without a validation split.

    They can decide nothing: training runs to its last epoch, and that epoch counts.
    """
    if getattr(data, "validation", data) is not None:
        return []
    return [each for each in callbacks if str(getattr(each, "monitor", "")).startswith("val_")]
