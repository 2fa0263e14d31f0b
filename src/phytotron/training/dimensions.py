"""What a network may ask to know of its data."""

from __future__ import annotations

from typing import Any


def network_context(data: Any) -> dict[str, Any]:
    """What a network may ask to know of its data.

    Its dimensions, with `num_outputs` set where they do not say it: a classifier has one logit for
    each class.
    """
    known = dict(getattr(data, "dimensions", {}))
    return known | {"num_outputs": known.get("num_outputs", known.get("num_classes"))}
