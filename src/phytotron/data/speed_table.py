"""Four stretches of road: what says whether a car goes slow or fast?"""

from __future__ import annotations

import torch

from phytotron.data.arrays import ArrayDataModule, Samples

INPUTS = ["steep", "bumpy", "speed limit"]
CLASSES = ["slow", "fast"]

# A row a stretch: whether it is steep, whether bumpy, whether there is a speed limit; its class.
_ROWS = [
    (1, 1, 1, 0),
    (1, 0, 1, 0),
    (0, 1, 0, 1),
    (1, 0, 0, 1),
]


def speed_table(*, batch_size: int | None, seed: int, tiny: bool = False) -> ArrayDataModule:
    """Inputs 0 and 1, shape (4, 3), in the order of `INPUTS`; and class ids, shape (4,).

    Args:
        batch_size, seed: see `ArrayDataModule`.
        tiny: the same four.
    """
    table = torch.tensor(_ROWS)
    samples = Samples(table[:, :3].float(), table[:, 3])
    data = ArrayDataModule(samples, batch_size=batch_size, seed=seed, tiny=tiny)
    data.input_names, data.class_names = INPUTS, CLASSES
    return data
