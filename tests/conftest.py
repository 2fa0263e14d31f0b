"""Settings for all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A shared machine may take any time for one example; what is tested is the result.
settings.register_profile("phytotron", deadline=None)
settings.load_profile("phytotron")

pytest_plugins = [
    "tests.fixtures.parts",
    "tests.fixtures.shapes",
    "tests.fixtures.mlflow_projects",
]


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """One thread for each test, and what training sets for its whole process undone after it.

    Tiny networks are slower with several threads, much slower on a busy machine.
    """
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)
    yield
    if torch := sys.modules.get("torch"):
        torch.use_deterministic_algorithms(False)
        torch.set_flush_denormal(False)
        torch.set_num_threads(1)


@pytest.fixture
def exact():
    """float64 wherever a tensor is made without a type."""
    import torch

    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
