"""The rows of a study, as it found them."""

from __future__ import annotations

from typing import Any

from phytotron.evaluation.trained import Trained


def draw(trained: Trained) -> list[dict[str, Any]]:
    """For any model that keeps `rows_`."""
    return list(trained.model.rows_)
