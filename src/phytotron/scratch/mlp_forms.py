"""Two small multilayer perceptrons in matrix form, for classes and for real values.

Samples are rows: Z1 = X W1 + b1, A1 = f(Z1), Z2 = A1 W2 + b2. A hidden layer needs an f that is not
linear; the output is a softmax for classes and stays linear for a regression.

Sources: Notes of a neural-network module, NN-3 Backpropagation and activations
Catalogue: C27
"""

from __future__ import annotations

import numpy as np

from phytotron.scratch.losses import MeanSquaredError, SoftmaxCrossEntropy
from phytotron.scratch.network import Network, feed_forward


def two_four_three(random: np.random.Generator) -> Network:
    """W1 2 x 4, W2 4 x 3: scores of three classes."""
    return feed_forward([2, 4, 3], "relu", SoftmaxCrossEntropy(), random)


def three_four_one(random: np.random.Generator) -> Network:
    """W1 3 x 4, W2 4 x 1: a regression, so the output is the weighted sum itself."""
    return feed_forward([3, 4, 1], "relu", MeanSquaredError(), random)
