"""What a decision tree would gain at its root from each input, as a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from phytotron.evaluation.trained import Trained
from phytotron.figures.plane import input_names
from phytotron.models.classic.information_gain import best_threshold, entropy


def draw(trained: Trained) -> list[dict[str, Any]]:
    """A row an input: its best threshold, and entropies in bits before and after the split."""
    inputs, targets = (np.asarray(tensor) for tensor in trained.data.train)
    parent = entropy(targets)
    rows = []
    for name, values in zip(input_names(trained.data), inputs.T, strict=True):
        threshold, gain = best_threshold(values, targets)
        rows.append(
            {
                "input": name,
                "threshold": threshold,
                "parent": parent,
                "children": parent - gain,
                "gain": gain,
            }
        )
    return rows
