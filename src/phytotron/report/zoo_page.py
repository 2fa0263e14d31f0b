"""The zoo as one page: each experiment's card, result, learning curves, tables and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from phytotron.report.charts import Series, line_chart
from phytotron.report.page import environment

# With more points than these, a mark at each would hide the line.
_MARKS = 40
_CURVES = 4
_ROWS = 30
_TRAINING, _VALIDATION = 2, 1


@dataclass(frozen=True)
class Exhibit:
    """What the page shows of one experiment.

    Attributes:
        name: its id, with its preset.
        title: what it is.
        family: the folder that it is in.
        state: reached, missed, stale or not verified.
        claim: such as `test/accuracy ≥ 0.9`.
        measured: such as `0.912 ± 0.004`; empty where nothing was measured.
        card: names and texts for a table.
        facts: the same, of the verification.
        metrics: name, and mean with deviation.
        history: one row an epoch, of the first seed.
        tables: name and rows, the first of which has the names of the columns.
        figures: name, and address relative to the page.
    """

    name: str
    title: str
    family: str
    state: str
    claim: str
    measured: str
    card: list[tuple[str, str]] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)
    metrics: list[tuple[str, str]] = field(default_factory=list)
    history: Sequence[Mapping[str, float]] = field(default_factory=list)
    tables: list[tuple[str, list[list[str]]]] = field(default_factory=list)
    figures: list[tuple[str, str]] = field(default_factory=list)

    @property
    def anchor(self) -> str:
        """The name in an address."""
        return self.name.replace("/", "-")

    @property
    def curves(self) -> list[tuple[str, bool, Markup]]:
        """A chart for each quantity that the history has; see `curves`."""
        return curves(self.history)


def render(exhibits: Sequence[Exhibit]) -> str:
    """The page as HTML without scripts; figures are files beside it."""
    families: dict[str, list[Exhibit]] = {}
    for exhibit in exhibits:
        families.setdefault(exhibit.family, []).append(exhibit)
    states = [exhibit.state for exhibit in exhibits]
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    context: dict[str, Any] = {"families": families, "counts": counts, "rows": _ROWS}
    return environment().get_template("zoo.html.j2").render(context)


def curves(history: Sequence[Mapping[str, float]]) -> list[tuple[str, bool, Markup]]:
    """The charts of a history, at most four: training dashed, validation and the rest solid.

    What does not change has none, such as a constant learning rate.

    Args:
        history: rows with `epoch` and numbers such as `train_loss` and `val_loss`, or of names
            of their own.

    Returns:
        Of each quantity its name, whether it has lines of both kinds, and the chart.
    """
    columns = dict.fromkeys(key for row in history for key in row if key not in ("epoch", "step"))
    quantities: dict[str, list[str]] = {}
    for column in columns:
        name = column.removeprefix("train_").removeprefix("val_")
        quantities.setdefault(name, []).append(column)
    charts = []
    for name, members in quantities.items():
        series = [_series(column, history) for column in members]
        if all(len({y for _, y in line.points}) < 2 for line in series):
            continue
        chart = line_chart(
            series, title=name, description=f"{name} over epochs", width=380, height=240
        )
        charts.append((name, len(series) > 1, chart))
    return charts[:_CURVES]


def _series(column: str, history: Sequence[Mapping[str, float]]) -> Series:
    points = [(row["epoch"], row[column]) for row in history if "epoch" in row and column in row]
    if column.startswith("train_"):
        return Series(column, _TRAINING, points, style="dashed")
    return Series(column, _VALIDATION, points, style="solid" if len(points) <= _MARKS else "thin")
