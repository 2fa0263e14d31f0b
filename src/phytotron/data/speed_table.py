"""Four stretches of road, by what decides whether a car goes slow or fast."""

from __future__ import annotations

import torch

from phytotron.data.arrays import Samples, Splits

INPUTS = ["steep", "bumpy", "speed limit"]
CLASSES = ["slow", "fast"]

# A row per stretch: is it steep, is it bumpy, is there a speed limit; its class.
_ROWS = [
    (1, 1, 1, 0),
    (1, 0, 1, 0),
    (0, 1, 0, 1),
    (1, 0, 0, 1),
]


def speed_table() -> Splits:
    """Inputs 0 and 1, shape (4, 3), in the order of `INPUTS`; and class ids, shape (4,)."""
    table = torch.tensor(_ROWS)
    samples = Samples(table[:, :3].float(), table[:, 3])
    return Splits(samples, class_names=CLASSES, input_names=INPUTS)
