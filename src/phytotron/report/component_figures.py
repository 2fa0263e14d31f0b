"""Figures of components: every activation with its derivative, every schedule, and some ideas."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice

import torch
from torch import Tensor, nn

from phytotron.config.components import component_names, resolve
from phytotron.config.instantiate import instantiate
from phytotron.nn.divergences import bernoulli
from phytotron.report.line_chart import Line, grouped_cells, line_chart
from phytotron.scratch.descent import batch_descent

_STEPS, _EPOCHS = 200, 20  # of the run that a schedule is drawn for
# A validation loss that falls, and is stuck for a while, for the schedules that look at one.
_LOSSES = [1.0, 0.8, 0.7, 0.65, 0.63, 0.63, 0.64, 0.63, 0.65, 0.5]
_LOSSES += [0.45, 0.42, 0.41, 0.41, 0.42, 0.41, 0.42, 0.41, 0.42, 0.41]


def figures() -> dict[str, str]:
    """The text of each SVG file, by name."""
    found = {f"activation-{name}": _activation(name) for name in component_names("activation")}
    found |= {f"scheduler-{name}": _schedule(name) for name in component_names("scheduler")}
    found |= {
        "stacked-sigmoids": _stacked_sigmoids(),
        "bernoulli-divergence": _divergence(),
        "batch-sizes": _batch_sizes(),
        "batch-and-layer-norm": grouped_cells(
            "What batch and layer normalization take a mean of",
            rows=4,
            columns=6,
            parts=[("batch norm: per feature", "column"), ("layer norm: per sample", "row")],
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
