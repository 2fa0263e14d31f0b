"""What `make repro` ends with: the experiments, the champion, and where to look further.

Reads the small JSON files that the stages wrote and imports nothing heavy, for it runs after every
`make repro`, also after one that had nothing to do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from phytotron.errors import UserError
from phytotron.evaluation.tables import metric_name
from phytotron.files import read_json
from phytotron.tables import text_table

COMPARISON = Path("results/comparison.json")
REGISTRATION = Path("build/registration.json")
REPORT = Path("build/report/index.html")


def summary() -> str:
    """The table of experiments, the best first, and the lines below it; below 80 columns for names
    of up to 18 characters.

    Raises:
        UserError: nothing has been compared yet.
    """
    if not COMPARISON.exists():
        raise UserError(
            "there are no results yet", where=COMPARISON.as_posix(), hint="run: make repro"
        )
    comparison = read_json(COMPARISON)
    columns = _columns(comparison)
    rows = [["experiment", *columns, "training", "size", "p"]]
    rows += [_row(row, comparison, columns) for row in comparison["experiments"]]
    facts = [f"{name:<9}{value}" for name, value in _facts(comparison)]
    table = text_table(rows, "<" + ">" * (len(rows[0]) - 2), rule=True)
    return "\n".join([table, "", *facts])


def _columns(comparison: dict[str, Any]) -> dict[str, str]:
    """The metrics that the table shows, by their headings: what was compared, and the accuracy."""
    metric, rows = comparison["metric"], comparison["experiments"]
    columns = {}
    if metric != "accuracy" and any("accuracy" in row for row in rows):
        columns["accuracy"] = "accuracy"
    intervals = any(f"{metric}_low" in row for row in rows)
    return columns | {metric_name(metric) + " [95 %]" * intervals: metric}


def _row(row: dict[str, Any], comparison: dict[str, Any], columns: dict[str, str]) -> list[str]:
    experiment = row["experiment"]
    metrics = _read(Path("results") / experiment / "metrics.json")
    timing = _read(Path("build/timing/train") / f"{experiment}.json")
    return [
        experiment,
        *(_value(row, name, comparison["metric"]) for name in columns.values()),
        _duration(timing.get("seconds")),
        _size(metrics.get("size_bytes")),
        _verdict(row, comparison["baseline"]),
    ]


def _value(row: dict[str, Any], name: str, compared: str) -> str:
    """A metric, with its interval if it is the one that was compared."""
    if name not in row:
        return ""
    value = f"{row[name]:.3f}"
    if name != compared or f"{name}_low" not in row:
        return value
    return f"{value} [{row[f'{name}_low']:.3f}, {row[f'{name}_high']:.3f}]"


def _verdict(row: dict[str, Any], baseline: str | None) -> str:
    if row["experiment"] == baseline:
        return "baseline"
    if row["p_value"] is None:
        return ""
    return f"{row['p_value']:.4f}" + (" *" if row["better"] else "")


def _facts(comparison: dict[str, Any]) -> list[tuple[str, str]]:
    selected, baseline = comparison["selected"], comparison["baseline"]
    metric = metric_name(comparison["metric"])
    best = {"max": "highest", "min": "lowest"}[comparison["goal"]]
    facts = []
    if len(comparison["experiments"]) == 1:
        facts.append(("selected", f"{selected}, the only experiment"))
    elif all(row["p_value"] is None for row in comparison["experiments"]):
        facts.append(("p", f"no test: {metric} does not follow from single predictions"))
        facts.append(("selected", f"{selected}: the baseline, as no other can be shown better"))
    else:
        facts.append(("p", f"paired test over groups of the difference in {metric} to {baseline}"))
        facts.append(("", "*: better, corrected for the number of tests (Holm)"))
        if selected == baseline:
            facts.append(("selected", f"{selected}: no experiment is better than the baseline"))
        else:
            facts.append(("selected", f"{selected}: the {best} {metric} that beats the baseline"))
    registration = _read(REGISTRATION)
    if registration:
        experiment, decision = registration["experiment"], registration["decision"]
        if decision == "kept":
            decision, experiment = "kept the one before", f"{experiment} is its candidate"
        facts.append(("champion", f"{registration['model']}: {experiment}, {decision}"))
        facts.append(("", registration["reason"]))
    else:
        facts.append(("champion", "nothing is registered yet"))
    facts.append(("report", REPORT.as_posix() if REPORT.exists() else "not written yet"))
    facts.append(("runs", "make ui"))
    return facts


def _read(path: Path) -> dict[str, Any]:
    return read_json(path) if path.exists() else {}


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} m"
    return f"{minutes} m {rest:02} s" if minutes else f"{rest} s"


def _size(size: int | None) -> str:
    if size is None:
        return ""
    return f"{size / 1e6:.1f} MB" if size >= 1e6 else f"{size / 1e3:.1f} kB"


def main() -> None:
    """Print the summary."""
    try:
        print(summary())
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
