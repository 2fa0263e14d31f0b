"""The neuron of McCulloch and Pitts: Boolean inputs, weights set by hand, a threshold.

W. McCulloch, W. Pitts, A Logical Calculus of the Ideas Immanent in Nervous Activity, 1943. Nothing
is learned: who wires the neuron decides what it computes.

Sources: Rajput 2023, ch. 1; Pattanayak 2023, ch. 2
Catalogue: C01
"""

from __future__ import annotations

from collections.abc import Sequence


def fires(inputs: Sequence[int], weights: Sequence[float], threshold: float) -> int:
    """1 when the weighted sum of the inputs (0 or 1) reaches the threshold, else 0."""
    total = sum(x * w for x, w in zip(inputs, weights, strict=True))
    return int(total >= threshold)


def fires_unless_inhibited(
    excitatory: Sequence[int], inhibitory: Sequence[int], threshold: int
) -> int:
    """The variant of the paper: equal excitatory inputs, and inhibition that is absolute.

    One active inhibitory input silences the neuron, however many excitatory ones are active.
    """
    return int(not any(inhibitory) and sum(excitatory) >= threshold)


def and_gate(a: int, b: int) -> int:
    return fires((a, b), (1, 1), threshold=2)


def or_gate(a: int, b: int) -> int:
    return fires((a, b), (1, 1), threshold=1)


def not_gate(a: int) -> int:
    return fires_unless_inhibited((), (a,), threshold=0)


def nor_gate(a: int, b: int) -> int:
    return fires_unless_inhibited((), (a, b), threshold=0)


def nand_gate(a: int, b: int) -> int:
    return fires((a, b), (-1, -1), threshold=-1)


def and_not_gate(a: int, b: int) -> int:
    """a and not b."""
    return fires_unless_inhibited((a,), (b,), threshold=1)
