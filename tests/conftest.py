"""Settings for all tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from hypothesis import settings

# A shared machine may take any time for one example; what is tested is the result.
settings.register_profile("phytotron", deadline=None)
settings.load_profile("phytotron")


@pytest.fixture(autouse=True)
def torch_as_it_was() -> Iterator[None]:
    """Undo what training sets for its whole process: algorithms, threads, numbers below 1e-38."""
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else None
    yield
    if torch := sys.modules.get("torch"):
        torch.use_deterministic_algorithms(False)
        torch.set_flush_denormal(False)
        if threads:
            torch.set_num_threads(threads)
