"""Automatic differentiation: expressions on arrays record the graph in which gradients run back.

`a * b + c` on tensors gives a tensor that knows its parents, and for each parent a function that
turns the gradient in the result into the gradient in the parent (the chain rule). `backward` goes
through the graph in reverse topological order, so that a tensor has the contributions of all paths
before it hands their sum on. Wengert (1964) and Linnainmaa (1970) have the method; Karpathy's
micrograd (2020) has this form of it.

`apply` makes one operation of a layer that has its own pass back, such as those of `layers` and
`activations`: what is written out by hand and what is recorded mix freely in one graph.

Sources: Vasilev 2023, ch. 2
Catalogue: C19
"""

from __future__ import annotations

from collections.abc import Callable
from graphlib import TopologicalSorter

import numpy as np
from numpy.typing import ArrayLike, NDArray

from phytotron.scratch.activations import Layer

Array = NDArray[np.float64]
Link = tuple["Tensor", Callable[[Array], Array]]
Axis = int | tuple[int, ...] | None


class Tensor:
    """An array with the operation that made it.

    Operands are broadcast as in NumPy. `==` and `hash` go by identity: a tensor is a node.

    Args:
        data: numbers; kept as float64, of any shape.
        name: of the operation or of the value, for drawings.
        links: each parent with the function from the gradient in this tensor to that in the parent.
            It may be as large as the result: `backward` sums over what was broadcast.

    Attributes:
        grad: the gradient of the output in this tensor, of its shape, after `backward`.
    """

    __array_ufunc__ = None  # so that `array + tensor` asks the tensor, not each number of the array

    def __init__(self, data: ArrayLike, name: str = "", *links: Link) -> None:
        self.data = np.asarray(data, np.float64)
        self.name = name
        self.links = links
        self.grad = np.zeros_like(self.data)

    def __add__(self, other: ArrayLike | Tensor) -> Tensor:
        other = _tensor(other)
        return Tensor(self.data + other.data, "+", (self, lambda d: d), (other, lambda d: d))

    def __mul__(self, other: ArrayLike | Tensor) -> Tensor:
        other = _tensor(other)
        return Tensor(
            self.data * other.data,
            "×",
            (self, lambda d: d * other.data),
            (other, lambda d: d * self.data),
        )

    def __pow__(self, exponent: float) -> Tensor:
        """The exponent is a constant."""
        x, n = self.data, exponent
        return Tensor(x**n, f"^{n:g}", (self, lambda d: d * n * x ** (n - 1)))

    def __matmul__(self, other: ArrayLike | Tensor) -> Tensor:
        """Of matrices, or of stacks of them; ValueError for vectors."""
        other = _tensor(other)
        a, b = self.data, other.data
        if min(a.ndim, b.ndim) < 2:
            raise ValueError(f"@ takes matrices, got shapes {a.shape} and {b.shape}")
        return Tensor(
            a @ b,
            "@",
            (self, lambda d: d @ b.swapaxes(-1, -2)),
            (other, lambda d: a.swapaxes(-1, -2) @ d),
        )

    def __neg__(self) -> Tensor:
        return Tensor(-self.data, "-", (self, lambda d: -d))

    def __sub__(self, other: ArrayLike | Tensor) -> Tensor:
        other = _tensor(other)
        return Tensor(self.data - other.data, "-", (self, lambda d: d), (other, lambda d: -d))

    def __truediv__(self, other: ArrayLike | Tensor) -> Tensor:
        other = _tensor(other)
        y = self.data / other.data
        return Tensor(
            y, "÷", (self, lambda d: d / other.data), (other, lambda d: -d * y / other.data)
        )

    def __radd__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) + self

    def __rmul__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) * self

    def __rsub__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) - self

    def __rtruediv__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) / self

    def __rmatmul__(self, other: ArrayLike) -> Tensor:
        return _tensor(other) @ self

    def exp(self) -> Tensor:
        y = np.exp(self.data)
        return Tensor(y, "exp", (self, lambda d: d * y))

    def log(self) -> Tensor:
        return Tensor(np.log(self.data), "log", (self, lambda d: d / self.data))

    def tanh(self) -> Tensor:
        y = np.tanh(self.data)
        return Tensor(y, "tanh", (self, lambda d: d * (1 - y**2)))

    def relu(self) -> Tensor:
        """max(0, x); where x is 0 its derivative is taken to be 0."""
        return Tensor(np.maximum(0, self.data), "relu", (self, lambda d: d * (self.data > 0)))

    def sum(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        """Over all axes or some, which vanish or stay with length 1."""
        kept = self.data.sum(axis, keepdims=True)
        return Tensor(
            kept if keepdims else self.data.sum(axis),
            "sum",
            (self, lambda d: np.broadcast_to(d.reshape(kept.shape), self.data.shape)),
        )

    def mean(self, axis: Axis = None, keepdims: bool = False) -> Tensor:
        total = self.sum(axis, keepdims)
        return total * (total.data.size / self.data.size)

    def backward(self) -> None:
        """Set `grad` of this tensor to 1, and of all from which it was made to d self / d tensor.

        Of a tensor with several numbers it is the gradient of their sum. Earlier gradients are
        overwritten.
        """
        order = self.ancestors()
        for tensor in order:
            tensor.grad = np.zeros_like(tensor.data)
        self.grad = np.ones_like(self.data)
        for tensor in reversed(order):
            for parent, pull_back in tensor.links:
                parent.grad = parent.grad + _summed_to(parent.data.shape, pull_back(tensor.grad))

    def ancestors(self) -> list[Tensor]:
        """All tensors from which this one was made, and itself: parents before children."""
        parents: dict[Tensor, list[Tensor]] = {}
        waiting = [self]
        while waiting:  # a loop, since a graph may be deeper than Python recurses
            tensor = waiting.pop()
            if tensor not in parents:
                parents[tensor] = [parent for parent, _ in tensor.links]
                waiting += parents[tensor]
        return list(TopologicalSorter(parents).static_order())


def apply(layer: Layer, inputs: Tensor) -> Tensor:
    """A layer as one operation, whose own `backward` is the way back.

    It also leaves the gradients of the layer's parameters in the layer. A layer remembers its last
    inputs, so it may occur once in a graph.
    """
    return Tensor(layer.forward(inputs.data), type(layer).__name__, (inputs, layer.backward))


def mermaid(output: Tensor) -> str:
    """The graph as a Mermaid flowchart, which GitHub draws: values, and gradients after `backward`.

    Of an array the shape is shown.
    """
    order = output.ancestors()
    number = {tensor: f"n{place}" for place, tensor in enumerate(order)}
    lines = ["flowchart LR"]
    for tensor in order:
        shown = f"shape {tensor.data.shape}"
        if tensor.data.size == 1:
            shown = f"{tensor.data.item():.4g}, grad {tensor.grad.item():.4g}"
        title = " ".join(filter(None, [tensor.name, shown]))
        lines.append(f'    {number[tensor]}["{title}"]')
        lines += [f"    {number[parent]} --> {number[tensor]}" for parent, _ in tensor.links]
    return "\n".join(lines)


def _tensor(value: ArrayLike | Tensor) -> Tensor:
    return value if isinstance(value, Tensor) else Tensor(value)


def _summed_to(shape: tuple[int, ...], gradient: Array) -> Array:
    """Sum a gradient over the axes along which a value of this shape was repeated."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    repeated = tuple(axis for axis, length in enumerate(shape) if length == 1)
    return gradient.sum(axis=repeated, keepdims=True)
