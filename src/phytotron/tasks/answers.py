"""What the outputs of a trained model mean."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

CLASSES, VALUES = "classes", "values"


class Answers(NamedTuple):
    """How outputs become answers.

    Attributes:
        kind: `classes` for a probability of each class, `values` for real values.
        activation: makes them of the outputs: `softmax`; `sigmoid`, of the one logit of class 1;
            `second`, which adds class 0 to the probability of class 1; or `none`.
    """

    kind: str
    activation: str = "none"

    def of_outputs(self, outputs: NDArray[Any]) -> NDArray[Any]:
        """Probabilities, shape (samples, classes), or values, shape (samples, outputs)."""
        if self.activation == "softmax":
            return softmax(outputs)
        if self.activation == "sigmoid":
            outputs = (1 / (1 + np.exp(-outputs.astype(np.float64)))).astype(np.float32)
        if self.activation in ("sigmoid", "second"):
            second = outputs.reshape(len(outputs))
            return np.stack([1 - second, second], axis=1)
        return outputs.reshape(len(outputs), -1)


def softmax(logits: NDArray[Any]) -> NDArray[np.float32]:
    """As torch has it, in float32: the same numbers as from the network itself."""
    import torch

    return torch.from_numpy(logits).float().softmax(dim=1).numpy()


def described_answers(data: Any, loss: Any = None) -> Answers | None:
    """What a supervised model of some data answers; None where that is not known.

    Args:
        data: a data module, which knows its classes or its outputs.
        loss: of the network; None: an estimator, which gives probabilities or values itself.
    """
    dimensions = getattr(data, "dimensions", {})
    if getattr(data, "is_binary", False):
        # With a loss of probabilities the network ends in a sigmoid already.
        ends_in_sigmoid = "with_logits" not in getattr(
            getattr(loss, "function", None), "__name__", type(loss).__name__
        )
        return Answers(CLASSES, "second" if ends_in_sigmoid else "sigmoid")
    if "num_classes" in dimensions:
        return Answers(CLASSES, "none" if loss is None else "softmax")
    return Answers(VALUES) if "num_outputs" in dimensions else None
