"""Figures of components: every activation with its derivative, every schedule, and some ideas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import torch
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor, nn

from phytotron.config.components import component_names, resolve
from phytotron.config.instantiate import instantiate
from phytotron.figures.theme import Theme, file_svg
from phytotron.nn.divergences import bernoulli
from phytotron.scratch.descent import batch_descent

_STEPS, _EPOCHS = 200, 20  # of the run that a schedule is drawn for
# A validation loss that falls, and is stuck for a while, for the schedules that look at one.
_LOSSES = [1.0, 0.8, 0.7, 0.65, 0.63, 0.63, 0.64, 0.63, 0.65, 0.5]
_LOSSES += [0.45, 0.42, 0.41, 0.41, 0.42, 0.41, 0.42, 0.41, 0.42, 0.41]
# Middle tones, which can be read on white and on black: a file does not know its page's ground.
_GREY = "#8a8a8a"
_SERIES = ("#3b82c4", "#d9770a", "#5f9e4a", "#b05fa8")
_THEME = Theme(_GREY, _GREY, _GREY, "none", *_SERIES[:2], series=_SERIES)
_STYLES = ("-", "--", ":", "-.")  # without colour the lines are told apart by these


@dataclass(frozen=True)
class Line:
    """One curve.

    Attributes:
        label: what it is, for the legend.
        xs, ys: its points, in order.
        steps: whether it jumps from point to point instead of leading there.
    """

    label: str
    xs: Sequence[float]
    ys: Sequence[float]
    steps: bool = False


def lines_figure(lines: Sequence[Line], x_label: str) -> Figure:
    """At most four curves above one axis."""
    with rc_context(_THEME.style):
        figure = Figure(figsize=(3.1, 1.9), layout="constrained")
        axes = figure.subplots()
        axes.grid(linewidth=0.3, clip_on=False)
        for place in (axes.axhline, axes.axvline):
            place(0, color=_GREY, linewidth=0.8, clip_on=False)
        for line, colour, style in zip(lines, _SERIES, _STYLES, strict=False):
            axes.plot(
                line.xs,
                line.ys,
                color=colour,
                linestyle=style,
                linewidth=1.6,
                drawstyle="steps-post" if line.steps else "default",
                label=line.label,
                clip_on=False,
            )
        axes.set_xlabel(x_label)
        axes.margins(x=0)
        axes.spines[:].set_visible(False)
        axes.tick_params(length=0)
        figure.legend(
            loc="outside upper left",
            ncols=len(lines),
            labelcolor="linecolor",
            borderpad=0,
            columnspacing=1.2,  # three labels have to fit
            handlelength=1.6,
        )
    return figure


def cells_figure(rows: int, columns: int, parts: Sequence[tuple[str, str]]) -> Figure:
    """Tables of cells side by side, each framed by column or by row.

    Args:
        rows, columns: of each table.
        parts: caption, and `column` or `row`, of each table.
    """
    with rc_context(_THEME.style):
        figure = Figure(figsize=(2.2 * len(parts), 1.5), layout="constrained")
        panels = figure.subplots(1, len(parts), squeeze=False)[0]
        for axes, (caption, frame), colour in zip(panels, parts, _SERIES, strict=False):
            axes.set(xlim=(0, columns), ylim=(rows, 0), aspect="equal", title=caption)
            axes.set_axis_off()
            for row in range(rows):
                for column in range(columns):
                    shade = 0.15 + 0.1 * ((row + column) % 3)
                    axes.add_patch(
                        Rectangle(
                            (column, row),
                            1,
                            1,
                            facecolor=colour,
                            alpha=shade,
                            linewidth=0,
                            clip_on=False,
                        )
                    )
            for index in range(columns if frame == "column" else rows):
                corner = (index, 0) if frame == "column" else (0, index)
                width, height = (1, rows) if frame == "column" else (columns, 1)
                axes.add_patch(
                    Rectangle(
                        corner,
                        width,
                        height,
                        fill=False,
                        edgecolor=colour,
                        linewidth=2,
                        clip_on=False,
                    )
                )
    return figure


def line_chart(title: str, lines: Sequence[Line], x_label: str) -> str:
    """The curves as the text of an SVG file."""
    return file_svg(lines_figure(lines, x_label), title)


def figures() -> dict[str, str]:
    """The text of each SVG file, by name."""
    found = {f"activation-{name}": _activation(name) for name in component_names("activation")}
    found |= {f"scheduler-{name}": _schedule(name) for name in component_names("scheduler")}
    found |= {
        "stacked-sigmoids": _stacked_sigmoids(),
        "bernoulli-divergence": _divergence(),
        "batch-sizes": _batch_sizes(),
        "batch-and-layer-norm": file_svg(
            cells_figure(
                rows=4,
                columns=6,
                parts=[("batch norm: per feature", "column"), ("layer norm: per sample", "row")],
            ),
            "What batch and layer normalization take a mean of",
        ),
    }
    return {f"{name}.svg": text for name, text in found.items()}


def _activation(name: str) -> str:
    function = instantiate(resolve("activation", name))()
    if name == "softmax":  # a function of several values: here of z and a nought beside it
        return _curves("softmax of (z, 0)", lambda z: function(torch.stack([z, 0 * z], -1))[..., 0])
    return _curves(name, function)


def _curves(title: str, function: Callable[[Tensor], Tensor]) -> str:
    z = torch.linspace(-4, 4, 161, dtype=torch.float64, requires_grad=True)
    y = function(z.float() if isinstance(function, nn.PReLU) else z).double()
    slope = torch.autograd.grad(y.sum(), z)[0] if y.requires_grad else torch.zeros_like(z)
    points = z.tolist()
    lines = [Line("y(z)", points, y.tolist()), Line("y'(z)", points, slope.tolist())]
    return line_chart(f"{title}, and its derivative", lines, "z")


def _stacked_sigmoids() -> str:
    lines = []
    for count in (1, 2, 3):
        z = torch.linspace(-6, 6, 121, dtype=torch.float64, requires_grad=True)
        y = z
        for _ in range(count):
            y = torch.sigmoid(y)
        (slope,) = torch.autograd.grad(y.sum(), z)
        lines.append(Line(f"{count} in a row", z.tolist(), slope.tolist()))
    return line_chart("The derivative of one, two and three sigmoids", lines, "z")


def _divergence() -> str:
    rho = torch.linspace(0.01, 0.99, 99, dtype=torch.float64)
    line = Line("KL(0.2, ρ)", rho.tolist(), bernoulli(torch.tensor(0.2), rho).tolist())
    return line_chart("How far a Bernoulli distribution is from one of 0.2", [line], "ρ")


def _batch_sizes() -> str:
    samples = torch.randn(256, generator=torch.Generator().manual_seed(0))

    def cost(point: Tensor, batch: Tensor) -> Tensor:
        return (batch - point).square().mean()

    lines = []
    for size, label in ((8, "8 samples"), (64, "64"), (None, "all 256")):
        path = batch_descent(cost, torch.tensor(3.0), samples, batch_size=size, lr=0.05, epochs=60)
        costs = [value for _, value in islice(path, 60)]
        lines.append(Line(label, range(60), costs))
    return line_chart("The cost of each batch, by its size", lines, "step")


def _schedule(name: str) -> str:
    node = resolve("scheduler", name)
    node |= {
        key: value
        for key, value in {"total_steps": _STEPS, "epochs": _EPOCHS}.items()
        if key in node
    }
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = instantiate(node, optimizer)
    rates = []
    for value in _LOSSES if "monitor" in node else [None] * _STEPS:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step() if value is None else scheduler.step(value)
    if "monitor" in node:
        epochs = range(len(_LOSSES))
        lines = [Line("rate", epochs, rates, steps=True), Line("loss", epochs, _LOSSES)]
        return line_chart(name, lines, "epoch")
    return line_chart(name, [Line("rate", range(_STEPS), rates)], f"step of {_STEPS}")
