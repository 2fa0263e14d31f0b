"""The table of experiments, read from their files and results without composing them."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from phytotron.config.experiments import (
    experiment_file,
    experiment_ids,
    group_choices,
    read_experiment,
)
from phytotron.errors import UserError, did_you_mean

_COLUMNS = ("id", "system", "data", "metric", "target", "result")


def list_experiments(pattern: str = "") -> list[dict[str, Any]]:
    """The experiments whose id matches.

    Args:
        pattern: a part of the id, or a glob such as `docs/*`; empty for all.

    Returns:
        Objects with `id`, `system`, `data`, `metric`, `target` and `result` (None where there is
        no target, or nothing has been measured).

    Raises:
        UserError: nothing matches.
    """
    known = experiment_ids()
    chosen = [name for name in known if pattern in name or fnmatch(name, pattern)]
    if not chosen:
        raise UserError(f"no experiment matches '{pattern}'", hint=did_you_mean(pattern, known))
    return [_row(name) for name in chosen]


def _row(experiment: str) -> dict[str, Any]:
    content = read_experiment(experiment)
    card = content.get("card") or {}
    return {
        "id": experiment,
        "system": _title(experiment_file(experiment)),
        "data": group_choices(content).get("data"),
        "metric": card.get("metric"),
        "target": card.get("target"),
        "result": _result(experiment, card.get("metric")),
    }


def _title(path: Path) -> str:
    """The first comment of the file that is not Hydra's package line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") and "@package" not in line:
            return line.lstrip("# ").rstrip(".")
    return ""


def _result(experiment: str, metric: str | None) -> float | None:
    path = Path("results") / experiment / "metrics.json"
    if metric is None or not path.exists():
        return None
    return json.loads(path.read_text(encoding="utf-8")).get(metric.rpartition("/")[2])


def render(rows: list[dict[str, Any]]) -> str:
    """The rows as an aligned plain table."""
    cells = [
        [("-" if row[column] is None else str(row[column])) for column in _COLUMNS] for row in rows
    ]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *cells, strict=True)]
    lines = [list(_COLUMNS), *cells]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
