"""The catalogue: each system, component, tool and theory that the repository is to have.

`catalogue.csv` lists what there is to build; what implements an entry says so itself, and
`phytotron.zoo.coverage` brings the two together.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from phytotron.errors import did_you_mean

_FILE = Path(__file__).with_name("catalogue.csv")


@dataclass(frozen=True)
class Entry:
    """One row of the catalogue.

    Attributes:
        id: such as `C14` or `D41b`.
        kind: EXPERIMENT, COMPONENT, TOOL or THEORY.
        family: the letter of the id.
        name: a few words.
    """

    id: str
    kind: str
    family: str
    name: str


@cache
def catalogue() -> dict[str, Entry]:
    """All entries by id, in the catalogue's order."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["id"]: Entry(**row) for row in csv.DictReader(file)}


def nearest_id(word: str) -> str | None:
    """The hint line for an id that the catalogue does not have."""
    return did_you_mean(word, catalogue())
