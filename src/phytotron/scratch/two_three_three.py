"""The 2-3-3 network: dense, ReLU, dense, softmax, cross-entropy, all samples at once.

One network in three versions: untrained, trained by random search, and by gradient descent. The
three outputs are more than two classes need; `num_outputs: 2` would be enough.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from phytotron.scratch.activations import ReLU, Softmax
from phytotron.scratch.layers import Dense
from phytotron.scratch.losses import CrossEntropy
from phytotron.scratch.network import Network
from phytotron.scratch.optimizers import SGD, Adam, Optimizer

Array = NDArray[np.float64]


def network(inputs: int, hidden: int, num_outputs: int, random: np.random.Generator) -> Network:
    """Weights normal with standard deviation 0.01, biases zero."""
    dense1, dense2 = Dense(inputs, hidden, random), Dense(hidden, num_outputs, random)
    return Network([dense1, ReLU(), dense2, Softmax()], CrossEntropy())


class TwoThreeThree(ClassifierMixin, BaseEstimator):
    """The base of all versions, and the untrained one: one forward and backward pass.

    Args:
        hidden: units.
        num_outputs: units, at least as many as there are classes.
        seed: of the initial weights and all other random numbers.

    Attributes:
        parameters_: weights and biases of the two layers: (2, hidden), (1, hidden),
            (hidden, num_outputs), (1, num_outputs).
        history_: loss and accuracy on the training samples; for the untrained network also the
            norms of the four gradients.
    """

    def __init__(self, *, hidden: int, num_outputs: int, seed: int) -> None:
        self.hidden = hidden
        self.num_outputs = num_outputs
        self.seed = seed

    def fit(self, inputs: ArrayLike, targets: ArrayLike) -> Self:
        """Inputs of shape (samples, features), class ids of shape (samples,)."""
        x, y = np.asarray(inputs, np.float64), np.asarray(targets)
        self.classes_ = np.arange(self.num_outputs)
        random = np.random.default_rng(self.seed)
        model = network(x.shape[1], self.hidden, self.num_outputs, random)
        loss = model.loss_and_gradients(x, y)
        self.history_ = [{"epoch": 0} | _progress(loss, model.outputs, y)]
        self._learn(model, x, y, random)
        self.parameters_ = model.parameters
        return self

    def _learn(self, model: Network, x: Array, y: NDArray, random: np.random.Generator) -> None:
        """Change the model's parameters in place and add to the history."""
        names = ("d_weights1", "d_biases1", "d_weights2", "d_biases2")
        for name, gradient in zip(names, model.gradients, strict=True):
            self.history_[0][name] = float(np.linalg.norm(gradient))

    def predict_proba(self, inputs: ArrayLike) -> Array:
        """Probabilities of the outputs, shape (samples, num_outputs)."""
        x = np.asarray(inputs, np.float64)
        weights1, biases1, weights2, biases2 = self.parameters_
        hidden = ReLU().forward(x @ weights1 + biases1)
        return Softmax().forward(hidden @ weights2 + biases2)

    def predict(self, inputs: ArrayLike) -> NDArray[np.int64]:
        return self.predict_proba(inputs).argmax(axis=1)


class RandomSearch(TwoThreeThree):
    """Random search: add noise to all weights, repeatedly, and keep the best weights.

    Args:
        hidden: see `TwoThreeThree`.
        num_outputs: see `TwoThreeThree`.
        iterations: trials.
        step: standard deviation of the noise.
        return_to_best: each trial starts from the best weights so far. Otherwise it starts from the
            last trial's: a random walk, which loses the best weights.
        seed: see `TwoThreeThree`.
    """

    def __init__(
        self,
        *,
        hidden: int,
        num_outputs: int,
        iterations: int,
        step: float,
        return_to_best: bool,
        seed: int,
    ) -> None:
        super().__init__(hidden=hidden, num_outputs=num_outputs, seed=seed)
        self.iterations = iterations
        self.step = step
        self.return_to_best = return_to_best

    def _learn(self, model: Network, x: Array, y: NDArray, random: np.random.Generator) -> None:
        best = [values.copy() for values in model.parameters]
        lowest = self.history_[-1]["train_loss"]
        self.history_ = [{"epoch": 0} | _progress(lowest, model.forward(x), y)]
        for iteration in range(1, self.iterations + 1):
            for values, kept in zip(model.parameters, best, strict=True):
                if self.return_to_best:
                    values[:] = kept
                values += self.step * random.standard_normal(values.shape)
            probabilities = model.forward(x)
            loss = model.loss.forward(probabilities, y)
            if loss < lowest:
                best, lowest = [values.copy() for values in model.parameters], loss
                self.history_.append({"epoch": iteration} | _progress(loss, probabilities, y))
        for values, kept in zip(model.parameters, best, strict=True):
            values[:] = kept


class GradientDescent(TwoThreeThree):
    """Epochs of one update each, by SGD or by Adam.

    Args:
        hidden: see `TwoThreeThree`.
        num_outputs: see `TwoThreeThree`.
        rule: `sgd` or `adam`, see `phytotron.scratch.optimizers`.
        learning_rate: of the first update.
        decay: of the learning rate.
        epochs: updates, each from all samples.
        seed: see `TwoThreeThree`.
    """

    def __init__(
        self,
        *,
        hidden: int,
        num_outputs: int,
        rule: str,
        learning_rate: float,
        decay: float,
        epochs: int,
        seed: int,
    ) -> None:
        super().__init__(hidden=hidden, num_outputs=num_outputs, seed=seed)
        self.rule = rule
        self.learning_rate = learning_rate
        self.decay = decay
        self.epochs = epochs

    def _learn(self, model: Network, x: Array, y: NDArray, random: np.random.Generator) -> None:
        kinds: dict[str, type[Optimizer]] = {"sgd": SGD, "adam": Adam}
        optimizer = kinds[self.rule](self.learning_rate, self.decay)
        for epoch in range(1, self.epochs + 1):
            optimizer.step(model.dense)
            loss = model.loss_and_gradients(x, y)
            self.history_.append({"epoch": epoch} | _progress(loss, model.outputs, y))


def _progress(loss: float, probabilities: Array, targets: NDArray) -> dict[str, Any]:
    accuracy = float(np.mean(probabilities.argmax(axis=1) == targets))
    return {"train_loss": loss, "train_accuracy": accuracy}
