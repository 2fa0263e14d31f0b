"""The table of experiments, read from their files and results without composing them."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path
from textwrap import shorten
from typing import Any

from phytotron.config.components import PLURALS
from phytotron.config.experiments import (
    experiment_file,
    experiment_ids,
    group_choices,
    read_experiment,
)
from phytotron.config.presets import as_number
from phytotron.errors import UserError, did_you_mean
from phytotron.runs.results import is_reached, last_result

# Characters of a system's title in the printed table; `--json` gives all of it.
_TITLE = 60
_COLUMNS = ("id", "system", "data", "metric", "target", "result")


def list_experiments(pattern: str = "") -> list[dict[str, Any]]:
    """The experiments whose id matches.

    Args:
        pattern: a part of the id, or a glob such as `router/*`; empty for all.

    Returns:
        Objects with `id`, `system`, `data`, `metric`, `target`, `result`, `std` (over the seeds),
        `seeds` (how many) and `reached`; None where there is no target, or nothing was measured.

    Raises:
        UserError: nothing matches, or a result was edited by hand.
    """
    known = experiment_ids()
    chosen = [name for name in known if pattern in name or fnmatch(name, pattern)]
    if not chosen:
        raise UserError(
            f"no experiment matches '{pattern}'", hint=did_you_mean(pattern, [*known, *PLURALS])
        )
    return [_row(name) for name in chosen]


def _row(experiment: str) -> dict[str, Any]:
    content = read_experiment(experiment)
    card = content.get("card") or {}
    return {
        "id": experiment,
        "system": title(experiment_file(experiment)),
        "data": group_choices(content).get("data"),
        "metric": card.get("metric"),
        "target": as_number(card.get("target")),
        **_result(experiment, card),
    }


def title(path: Path) -> str:
    """The first comment of the file that is not Hydra's package line."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") and "@package" not in line:
            return line.lstrip("# ").rstrip(".")
    return ""


def _result(experiment: str, card: dict[str, Any]) -> dict[str, Any]:
    """What was measured, against the target that the card has now."""
    row: dict[str, Any] = dict.fromkeys(("result", "std", "seeds", "reached"))
    metric, target = card.get("metric"), as_number(card.get("target"))
    result = last_result(experiment)
    path = Path("results") / experiment / "metrics.json"
    if result is None and metric is not None and path.exists():  # by the pipeline
        metrics = json.loads(path.read_text(encoding="utf-8"))
        row["result"] = metrics.get(metric.partition("/")[2])
        return row
    if result is not None and metric in result.metrics:
        score = result.metrics[metric]
        row |= {"result": score.mean, "std": score.std, "seeds": len(score.values)}
        if isinstance(target, int | float):
            row["reached"] = is_reached(score.mean, card.get("goal", "max"), target)
    return row


def render(rows: list[dict[str, Any]]) -> str:
    """The rows as an aligned plain table."""
    cells = [[_cell(row, column) for column in _COLUMNS] for row in rows]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *cells, strict=True)]
    lines = [list(_COLUMNS), *cells]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(row: dict[str, Any], column: str) -> str:
    value = row[column]
    if value is None:
        return "-"
    if column == "system":
        return shorten(value, _TITLE, placeholder=" …")
    if column != "result":
        return str(value)
    text = f"{value:.4g}" + (f" ± {row['std']:.2g}" if row["std"] is not None else "")
    return text + (" (missed)" if row["reached"] is False else "")
