"""A network as a graph of operations without cycles, evaluated in topological order.

Each operation has a name and takes the values of others; an operation with a single argument that
names several parents gets their element-wise sum. Going through the same order backwards, each
operation hands the gradient that it receives on to its parents: the chain rule, with the
contributions of several paths added up.

Sources: Vasilev 2023, ch. 2
Catalogue: C19
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Operation:
    """A function of the values of its parents, element by element.

    Args:
        parents: names of operations or inputs.
        function: their values to the operation's value.
        derivatives: their values to the derivative in each of them.
    """

    parents: tuple[str, ...]
    function: Callable[..., Array]
    derivatives: Callable[..., tuple[Array, ...]]


def of_sum(function: Callable, derivative: Callable, *parents: str) -> Operation:
    """A function of one argument, of the element-wise sum of its parents."""
    return Operation(
        parents,
        lambda *values: function(sum(values)),
        lambda *values: (derivative(sum(values)),) * len(values),
    )


def times(a: str, b: str) -> Operation:
    """a · b."""
    return Operation((a, b), lambda a, b: a * b, lambda a, b: (b, a))


def plus(*parents: str) -> Operation:
    """The sum of its parents."""
    return of_sum(lambda s: s, np.ones_like, *parents)


def scaled(factor: float, *parents: str) -> Operation:
    """factor · the sum of its parents."""
    return of_sum(lambda s: factor * s, lambda s: np.full_like(s, factor), *parents)


def tanh(*parents: str) -> Operation:
    """tanh of the sum of its parents."""
    return of_sum(np.tanh, lambda s: 1 - np.tanh(s) ** 2, *parents)


class Graph:
    """Operations by name.

    Raises:
        ValueError: the operations feed each other in a circle.
    """

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self.operations = operations
        parents = {name: operation.parents for name, operation in operations.items()}
        order = TopologicalSorter(parents).static_order()  # CycleError is a ValueError
        self.order = [name for name in order if name in operations]

    def values(self, **inputs: ArrayLike) -> dict[str, Array]:
        """The value of every input and operation."""
        values = {name: np.asarray(value, np.float64) for name, value in inputs.items()}
        for name in self.order:
            operation = self.operations[name]
            values[name] = operation.function(*(values[parent] for parent in operation.parents))
        return values

    def gradients(self, output: str, values: Mapping[str, Array]) -> dict[str, Array]:
        """The derivative of `output` in every input and operation, at these values."""
        gradients = {name: np.zeros_like(value) for name, value in values.items()}
        gradients[output] = np.ones_like(values[output])
        for name in reversed(self.order):
            operation = self.operations[name]
            given = operation.derivatives(*(values[parent] for parent in operation.parents))
            for parent, derivative in zip(operation.parents, given, strict=True):
                gradients[parent] = gradients[parent] + gradients[name] * derivative
        return gradients
