from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from phytotron.config.components import resolve
from phytotron.config.instantiate import instantiate

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


@pytest.fixture
def make(at_the_root) -> Callable[..., Any]:
    """`make(kind, name, *args, **changes)`: what a name in a config stands for.

    `changes` are values of its own for keys of the file, `args` what the harness gives.
    """

    def made(kind: str, name: str, *args: Any, **changes: Any) -> Any:
        node = resolve(kind, name)
        assert changes.keys() <= node.keys()
        return instantiate(node | changes, *args)

    return made
