"""Tables and numbers as they are written to files that people read and compare."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

# Far below any difference that means something on some ten thousand samples.
DIGITS = 6


def rounded(value: Any) -> Any:
    """`value` with every float in its dicts and lists rounded to 6 digits."""
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return value


def write_csv(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows under a header, floats rounded; the bytes are the same on every system."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rounded(dict(row)) for row in rows)


def read_csv(path: Path | str) -> list[dict[str, str]]:
    """The rows of a table with a header, as text."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
