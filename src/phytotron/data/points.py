"""Points that belong to no class, to be grouped."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from phytotron.data.arrays import ArrayDataModule


class Points(NamedTuple):
    """Samples without targets: float32, shape (samples, features)."""

    inputs: Tensor


def six_points(*, batch_size: int | None, seed: int, tiny: bool = False) -> ArrayDataModule:
    """Two columns of three points each, and for the test a new point near each column.

    Args:
        batch_size, seed: see `ArrayDataModule`.
        tiny: the same points.
    """
    columns = torch.tensor([[1, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
    new = torch.tensor([[0, 0], [12, 3]])
    return ArrayDataModule(
        Points(columns.float()), Points(new.float()), batch_size=batch_size, seed=seed, tiny=tiny
    )


def delivery_orders(
    *,
    orders: int,
    towns: int,
    spread: float,
    generator_seed: int,
    batch_size: int | None,
    seed: int,
    tiny: bool = False,
) -> ArrayDataModule:
    """Where customers live who had something delivered, in km on a map of 20 km by 20 km.

    Args:
        orders: how many.
        towns: around which the customers live; some towns are larger than others.
        spread: standard deviation of both coordinates within a town, in km.
        generator_seed: of everything.
        batch_size, seed: see `ArrayDataModule`.
        tiny: 64 of the orders.
    """
    random = np.random.default_rng(generator_seed)
    # On a ring, so that no two towns are the same.
    angle = 2 * np.pi * (np.arange(towns) + random.uniform(-0.2, 0.2, towns)) / towns
    centres = 10 + 6 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    town = random.choice(towns, orders, p=random.dirichlet(np.full(towns, 5.0)))
    places = (centres[town] + random.normal(scale=spread, size=(orders, 2))).astype(np.float32)
    kept = places[:64] if tiny else places
    data = ArrayDataModule(
        Points(torch.from_numpy(kept)), batch_size=batch_size, seed=seed, tiny=tiny
    )
    data.input_names = ["km east", "km north"]
    return data
