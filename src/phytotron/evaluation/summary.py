"""What `make repro` ends with: the contenders, the champion, and where to look further.

Reads the small JSON files that the stages wrote and imports nothing heavy, for it runs after every
`make repro`, also after one that had nothing to do.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from phytotron.errors import UserError
from phytotron.files import read_json
from phytotron.tables import text_table

COMPARISON = Path("results/comparison.json")
REGISTRATION = Path("build/registration.json")
REPORT = Path("build/report/index.html")


def summary() -> str:
    """The table of contenders, the best first, and the lines below it; ASCII, below 80 columns
    for names of up to 18 characters.

    Raises:
        UserError: nothing has been compared yet.
    """
    if not COMPARISON.exists():
        raise UserError(
            "there are no results yet", where=COMPARISON.as_posix(), hint="run: make repro"
        )
    comparison = read_json(COMPARISON)
    rows = [["contender", "accuracy", "macro-F1 [95 %]", "training", "size", "p"]]
    rows += [_row(contender, comparison["baseline"]) for contender in comparison["contenders"]]
    facts = [f"{name:<9}{value}" for name, value in _facts(comparison)]
    table = text_table(rows, "<" + ">" * (len(rows[0]) - 2), rule=True)
    return "\n".join([table, "", *facts])


def _row(contender: dict[str, Any], baseline: str | None) -> list[str]:
    experiment = contender["experiment"]
    metrics = _read(Path("results") / experiment / "metrics.json")
    timing = _read(Path("build/timing/train") / f"{experiment}.json")
    return [
        experiment,
        f"{contender['accuracy']:.3f}",
        f"{contender['macro_f1']:.3f} "
        f"[{contender['macro_f1_low']:.3f}, {contender['macro_f1_high']:.3f}]",
        _duration(timing.get("seconds")),
        _size(metrics.get("size_bytes")),
        _verdict(contender, baseline),
    ]


def _verdict(contender: dict[str, Any], baseline: str | None) -> str:
    if contender["experiment"] == baseline:
        return "baseline"
    if contender["p_value"] is None:
        return ""
    return f"{contender['p_value']:.4f}" + (" *" if contender["better"] else "")


def _facts(comparison: dict[str, Any]) -> list[tuple[str, str]]:
    winner, baseline = comparison["winner"], comparison["baseline"]
    facts = []
    if len(comparison["contenders"]) == 1:
        facts.append(("winner", f"{winner}, the only contender"))
    else:
        facts.append(("p", f"paired test over pages of the difference in macro-F1 to {baseline}"))
        facts.append(("", "*: better, corrected for the number of contenders (Holm)"))
        if winner == baseline:
            facts.append(("winner", f"{winner}: no contender is better than the baseline"))
        else:
            facts.append(("winner", f"{winner}: the highest macro-F1 that beats the baseline"))
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
