"""Tables, numbers and names of metrics as people read and compare them."""

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


# What metrics are called in texts, tables and figures.
METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "f1": "F1",
    "log_loss": "log loss",
    "mse": "mean squared error",
    "mae": "mean absolute error",
    "rmse": "RMSE",
    "r2": "R²",
    "bleu": "BLEU",
    "map50": "mAP at an IoU of 0.5",
}


def metric_name(metric: str) -> str:
    """The name of a metric, without its split: `macro-F1` for `macro_f1` and `test/macro_f1`."""
    metric = metric.rpartition("/")[2]
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def capitalised(name: str) -> str:
    """The name at the beginning of a title; the rest stays as it is."""
    return name[:1].upper() + name[1:]
