"""Points without classes, to be clustered."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from phytotron.data.arrays import Splits


class Points(NamedTuple):
    """Samples without targets: float32, shape (samples, features)."""

    inputs: Tensor


def six_points() -> Splits:
    """Two columns of three points each, and for the test a new point near each column."""
    columns = torch.tensor([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    new = torch.tensor([[0, 0], [12, 3]])
    return Splits(Points(columns.float()), Points(new.float()))


def delivery_orders(
    *, orders: int, towns: int, spread: float, generator_seed: int, tiny: bool = False
) -> Splits:
    """Where customers live who ordered a delivery, in km on a map of 20 km by 20 km.

    Args:
        orders: number of orders.
        towns: around which the customers live; some towns are larger than others.
        spread: standard deviation of both coordinates within a town, in km.
        generator_seed: seed of all random numbers.
        tiny: only the first 64 orders.
    """
    random = np.random.default_rng(generator_seed)
    # On a ring, so that no two towns coincide.
    angle = 2 * np.pi * (np.arange(towns) + random.uniform(-0.2, 0.2, towns)) / towns
    centres = 10 + 6 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    town = random.choice(towns, orders, p=random.dirichlet(np.full(towns, 5.0)))
    places = (centres[town] + random.normal(scale=spread, size=(orders, 2))).astype(np.float32)
    points = Points(torch.from_numpy(places[:64] if tiny else places))
    return Splits(points, input_names=["km east", "km north"])
