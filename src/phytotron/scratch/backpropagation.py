"""Back-propagation in general: a delta a layer, from the last to the first.

Rumelhart, Hinton, Williams, Learning representations by back-propagating errors, 1986. The delta of
a layer is the gradient of the loss in its weighted sums z. With samples as rows and m of them:

    last layer    δ = p - y         softmax with cross-entropy; sigmoids, each with its own binary
                                    cross-entropy; half the square of a linear output's error
    before it     δ = (δ_next Wᵀ_next) ⊙ f'(z)    where f' is that of this layer
    everywhere    dW = Aᵀ δ / m,  db = Σ δ / m    where A is what the layer was given

Sources: Rajput 2023, ch. 7; Pattanayak 2023, ch. 2; Notes of several courses, Logistic regression
    as a neural network (Andrew Ng), Shallow neural networks; Vasilev 2023, ch. 2; Notes of a
    neural-network module, NN-3 Backpropagation and activations
Catalogue: C23
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from phytotron.scratch.activations import sigmoid, softmax
from phytotron.scratch.graph import Tensor

Array = NDArray[np.float64]
Function = Callable[[Array], Array]
Weights = tuple[Array, Array]  # (inputs, units) and (1, units)

# Each hidden activation with its derivative, which is written in terms of the activated value a.
HIDDEN: dict[str, tuple[Function, Function]] = {
    "sigmoid": (sigmoid, lambda a: a * (1 - a)),
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "relu": (lambda z: np.maximum(0, z), lambda a: (a > 0).astype(np.float64)),
}
OUTPUT: dict[str, Function] = {"sigmoid": sigmoid, "softmax": softmax, "linear": lambda z: z}


def activations(inputs: Array, layers: Sequence[Weights], hidden: str, output: str) -> list[Array]:
    """The inputs and what each layer makes of them: layers + 1 arrays of shape (batch, units)."""
    found = [inputs]
    for number, (weights, biases) in enumerate(layers):
        last = number == len(layers) - 1
        function = OUTPUT[output] if last else HIDDEN[hidden][0]
        found.append(function(found[-1] @ weights + biases))
    return found


def gradients(
    found: Sequence[Array], targets: Array, layers: Sequence[Weights], hidden: str
) -> list[Weights]:
    """dW and db of each layer.

    Args:
        found: the `activations`.
        targets: shape (batch, outputs), one-hot for softmax.
        layers: weights and biases, the first layer first.
        hidden: the activation of all layers but the last.
    """
    samples = len(targets)
    delta = found[-1] - targets
    result: list[Weights] = []
    for number in reversed(range(len(layers))):
        given = found[number]
        result.append((given.T @ delta / samples, delta.sum(axis=0, keepdims=True) / samples))
        if number:
            delta = (delta @ layers[number][0].T) * HIDDEN[hidden][1](given)
    return result[::-1]


def three_times(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """J = 3 (a + b c), the smallest graph with a branch: dJ/da = 3, dJ/db = 3 c, dJ/dc = 3 b."""
    return 3 * (a + b * c)
