"""The zoo as one page: each experiment's card, result, learning curves, tables and figures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from phytotron.figures.comparison import history_figure
from phytotron.figures.theme import PAGE, inline_svg
from phytotron.report.page import environment

_CURVES = 4
_ROWS = 30


@dataclass(frozen=True)
class Exhibit:
    """What the page shows of one experiment.

    Attributes:
        name: its id, with its preset.
        title: what it is.
        family: the folder that it is in.
        state: reached, missed, stale or not verified.
        target: such as `test/accuracy ≥ 0.9`.
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
    target: str
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
    def curves(self) -> list[tuple[str, Markup]]:
        """A figure for each quantity that the history has; see `curves`."""
        return curves(self.history, self.anchor)


def render(exhibits: Sequence[Exhibit]) -> str:
    """The page as HTML without scripts; figures are files beside it."""
    families: dict[str, list[Exhibit]] = {}
    for exhibit in exhibits:
        families.setdefault(exhibit.family, []).append(exhibit)
    states = [exhibit.state for exhibit in exhibits]
    counts = {state: states.count(state) for state in dict.fromkeys(states)}
    context: dict[str, Any] = {"families": families, "counts": counts, "rows": _ROWS}
    return environment().get_template("zoo.html.j2").render(context)


def curves(history: Sequence[Mapping[str, float]], prefix: str = "") -> list[tuple[str, Markup]]:
    """The figures of a history, at most four: training dashed, validation and the rest solid.

    What does not change has none, such as a constant learning rate.

    Args:
        history: rows with `epoch` and numbers such as `train_loss` and `val_loss`, or others.
        prefix: what tells the figures' ids from those of other histories in a page.

    Returns:
        The name and the figure of each quantity.
    """
    columns = dict.fromkeys(key for row in history for key in row if key not in ("epoch", "step"))
    quantities: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for column in columns:
        name = column.removeprefix("train_").removeprefix("val_")
        points = [
            (row["epoch"], row[column]) for row in history if "epoch" in row and column in row
        ]
        quantities.setdefault(name, {})[column] = points
    changing = {
        name: members
        for name, members in quantities.items()
        if any(len({y for _, y in points}) > 1 for points in members.values())
    }
    found = []
    for name, members in list(changing.items())[:_CURVES]:
        words = name.replace("_", " ")
        figure = inline_svg(
            history_figure(words, members, theme=PAGE),
            re.sub(r"\W", "-", f"{prefix}-{name}"),
            title=f"{words} over epochs",
            description="; ".join(_told(column, points) for column, points in members.items()),
        )
        found.append((words, figure))
    return found


def _told(column: str, points: Sequence[tuple[float, float]]) -> str:
    """A curve for those who cannot see it."""
    if not points:
        return f"{column}: no values"
    (first, start), (last, end) = points[0], points[-1]
    return f"{column}: {start:.4g} in epoch {first:g}, {end:.4g} in epoch {last:g}"
