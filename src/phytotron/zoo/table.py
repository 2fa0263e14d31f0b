"""`docs/zoo.md`: what each experiment of the zoo claims and what was measured, as one page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path

from phytotron.report.page import markdown
from phytotron.zoo.systems import MISSED, REACHED, STALE, UNVERIFIED, System

FILE = Path("docs/zoo.md")

_HEAD = """\
# The zoo

One file in `conf/experiment/`, one system, one number that was earned here: `phytotron verify`
trained it with several seeds, and the table shows their mean and standard deviation beside the
target. `phytotron report` writes this page from the cards and from `zoo/results/`; nothing in it
is typed by hand. [How to add a system](add-a-system.md).

{summary}.

A result is *stale* when the config or the code of the experiment has changed since; `dvc repro
zoo/dvc.yaml` earns it again.
"""

# The columns, each with the alignment of its cells.
_COLUMNS = {
    "experiment": "---",
    "system": "---",
    "metric": "---",
    "target": "--:",
    "measured": "--:",
    "verdict": "---",
    "seeds": "--:",
    "seconds a seed": "--:",
    "hardware": "---",
    "date": "---",
}


def render(found: Iterable[System]) -> str:
    """The page as Markdown: a table for each folder of experiments, and the notes of the cards."""
    chosen = list(found)
    counts = dict.fromkeys((REACHED, MISSED, STALE, UNVERIFIED), 0)
    for system in chosen:
        counts[system.state] += 1
    parts = [f"{number} {state}" for state, number in counts.items() if number]
    experiments = sum(system.preset is None for system in chosen)
    presets = len(chosen) - experiments
    summary = _count(experiments, "experiment") + (
        f" and {_count(presets, 'preset')}" if presets else ""
    )
    blocks = [_HEAD.format(summary=": ".join([summary, ", ".join(parts)]) if parts else summary)]
    for family, members in groupby(chosen, key=lambda system: system.family):
        blocks.append(_section(family, list(members)))
    return "\n".join(blocks)


def _section(family: str, members: list[System]) -> str:
    lines = [f"## {family}", "", _row(_COLUMNS), _row(_COLUMNS.values())]
    lines += [_row(_cells(system)) for system in members]
    notes = [f"- `{each.name}`: {markdown(each.notes)}" for each in members if each.notes]
    return "\n".join([*lines, *(["", *notes] if notes else []), ""])


def _cells(system: System) -> list[str]:
    card, result = system.card, system.result
    sign = "≥" if card["goal"] == "max" else "≤"
    cells = [
        f"`{system.name}`",
        markdown(system.title),
        f"`{card['metric']}`",
        f"{sign} {card['target']:g}",
    ]
    if result is None:
        return [*cells, "–", system.state, "", "", "", ""]
    return [
        *cells,
        str(result.metrics[card["metric"]]),
        f"**{system.state}**" if system.state == MISSED else system.state,
        str(len(result.seeds)),
        f"{result.seconds.mean:.3g}",
        markdown(device(result.hardware)),
        result.date,
    ]


def device(hardware: Mapping[str, str | int]) -> str:
    """The part of a machine that decides how fast it is, in a few words."""
    processor = f"{hardware.get('processor')}, {hardware.get('cores')} cores"
    return str(hardware.get("gpu", processor))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
