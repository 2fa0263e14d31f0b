"""A trained model with all that belongs to it: what figures are drawn of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Trained:
    """See the module.

    Attributes:
        model: a network in evaluation mode, or an estimator.
        task: how it was trained and measured.
        data: what it was trained on; None: nothing.
        history: one row an epoch.
        metrics: by name with the split, such as `test/accuracy`.
        config: the experiment's config.
    """

    model: Any
    task: Any
    data: Any
    history: list[dict[str, float | int]]
    metrics: dict[str, float]
    config: Mapping[str, Any]
