"""The table of experiments, read from their files and results without composing them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from phytotron.config.components import PLURALS
from phytotron.config.experiments import (
    experiment_file,
    experiment_ids,
    group_choices,
    read_experiment,
)
from phytotron.errors import UserError, did_you_mean
from phytotron.runs.result_files import read_content, result_file, target_of
from phytotron.runs.verdict import REACHED, VERDICTS
from phytotron.tables import GAP, shortened, text_table

if TYPE_CHECKING:  # the objects of results are slower to import than the files are to read
    from phytotron.runs.results import Result

STALE, UNVERIFIED = "stale", "not verified"
STATUSES = (*VERDICTS, STALE, UNVERIFIED)
NO_TARGET = "no target"  # of an experiment whose result is compared with nothing

# A printed line fits a terminal of 120 columns: what is longer is shortened, titles first.
# `--json` gives all of it.
_WIDTH = 119
_MOST = {"metric": 20, "target": 10, "result": 32}
_LEAST_TITLE = 12
_INDENT = "  "
_TITLE = 1  # its place in
_COLUMNS = ("id", "system", "metric", "target", "result")


def list_experiments(pattern: str = "", statuses: Sequence[str] = ()) -> list[dict[str, Any]]:
    """The experiments whose id matches.

    Args:
        pattern: a part of the id, or a glob such as `router/*`; empty for all.
        statuses: only experiments of these `STATUSES`; empty for all. Whether a result is stale
            is looked up only here: it needs the fingerprint of each experiment.

    Returns:
        Objects with `id`, `system`, `data`, `metric`, `target`, `origin` (of the target), `result`,
        `std` (over the seeds), `seeds` (how many) and `verdict` (`stale` where the card had another
        target); None where there is no target, or nothing was measured. With `statuses` also
        `status`.

    Raises:
        UserError: nothing matches, or a result was edited by hand.
    """
    known = experiment_ids()
    chosen = [name for name in known if pattern in name or fnmatch(name, pattern)]
    if not chosen:
        raise UserError(
            f"no experiment matches '{pattern}'", hint=did_you_mean(pattern, [*known, *PLURALS])
        )
    rows = [_row(name) for name in chosen]
    if not statuses:
        return rows
    is_stale = staleness()
    rows = [row | {"status": _current_status(row, is_stale)} for row in rows]
    return [row for row in rows if row["status"] in statuses]


def staleness() -> Callable[[Result], bool]:
    """A function that says whether a result is out of date.

    It is when config or code have changed since, or the target that it was compared with. The
    function reads each file once: a later edit is seen by a new one only.
    """
    # Here: it composes the experiments whose fingerprints are not known yet, for which it needs
    # Hydra.
    from phytotron.config.fingerprint import Fingerprints
    from phytotron.config.presets import read_preset

    fingerprints = Fingerprints()

    def is_stale(result: Result) -> bool:
        experiment, preset = result.experiment, result.preset
        same = target_of(vars(result)) == target_of(read_preset(experiment, preset))
        return not same or result.fingerprint != fingerprints.of(experiment, preset)

    return is_stale


def _current_status(row: dict[str, Any], is_stale: Callable[[Result], bool]) -> str:
    from phytotron.runs.results import last_result

    result = last_result(row["id"]) if row["seeds"] is not None else None
    return STALE if result is not None and is_stale(result) else _status(row)


def _status(row: dict[str, Any]) -> str:
    """The status as far as the files say it: staleness only where it was looked up."""
    if "status" in row:
        return str(row["status"])
    if row["result"] is None:
        return UNVERIFIED
    return row["verdict"] or NO_TARGET


def _row(experiment: str) -> dict[str, Any]:
    content = read_experiment(experiment)
    card = content.get("card") or {}
    return {
        "id": experiment,
        "system": title(experiment_file(experiment)),
        "data": group_choices(content).get("data"),
        "metric": card.get("metric"),
        "target": card.get("target"),
        "origin": card.get("origin"),
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
    row: dict[str, Any] = dict.fromkeys(("result", "std", "seeds", "verdict"))
    metric, target = card.get("metric"), card.get("target")
    verified = result_file(experiment)
    if verified.exists():
        content = read_content(verified)
        measured = content["metrics"].get(metric)
        if measured is None:
            return row
        row |= {
            "result": measured["mean"],
            "std": measured["std"],
            "seeds": len(measured["values"]),
        }
        if isinstance(target, int | float):
            same = target_of(content) == target_of(card)
            row["verdict"] = content["verdict"] if same else STALE
        return row
    path = Path("results") / experiment / "metrics.json"
    if metric is not None and path.exists():  # by the pipeline
        metrics = json.loads(path.read_text(encoding="utf-8"))
        row["result"] = metrics.get(metric.partition("/")[2])
    return row


def render(rows: list[dict[str, Any]]) -> str:
    """The rows as a plain table by family, each with the number of experiments by status."""
    if not rows:
        return "no experiments"
    cells = [list(_COLUMNS), *([_cell(row, column) for column in _COLUMNS] for row in rows)]
    # The titles get what the other columns leave.
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    left = _WIDTH - len(_INDENT) - sum(widths) + widths[_TITLE] - len(GAP) * (len(widths) - 1)
    for line in cells:
        line[_TITLE] = shortened(line[_TITLE], max(_LEAST_TITLE, left))
    names, *lines = text_table(cells, indent=_INDENT).splitlines()
    parts = [names]
    families = groupby(zip(rows, lines, strict=True), key=lambda pair: _family(pair[0]["id"]))
    for family, members in families:
        found = list(members)
        parts += ["", f"{family}: {_counts([row for row, _ in found])}", *(s for _, s in found)]
    if len({_family(row["id"]) for row in rows}) > 1:
        parts += ["", f"in all: {_counts(rows)}"]
    return "\n".join(parts)


def _family(experiment: str) -> str:
    return experiment.rpartition("/")[0]


def _counts(rows: list[dict[str, Any]]) -> str:
    """Such as `9 experiments: 7 reached, 2 missed`."""
    by_status = Counter(map(_status, rows))
    counts = [f"{by_status[each]} {each}" for each in (*STATUSES, NO_TARGET) if by_status[each]]
    noun = "experiment" if len(rows) == 1 else "experiments"
    return f"{len(rows)} {noun}: {', '.join(counts)}"


def _cell(row: dict[str, Any], column: str) -> str:
    value = row[column]
    if value is None:
        return "-"
    if column == "target":
        value = f"{value:.4g}" if isinstance(value, int | float) else value
    elif column == "result":
        value = f"{value:.4g}" + (f" ± {row['std']:.2g}" if row["std"] is not None else "")
        status = _status(row)
        value += f" ({status})" if status not in (REACHED, NO_TARGET) else ""
    return shortened(str(value), _MOST.get(column, _WIDTH))
