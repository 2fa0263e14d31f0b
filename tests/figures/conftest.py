"""Small made-up models and data for figures."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from phytotron.evaluation.trained import Trained


@pytest.fixture
def trained():
    """Makes what a figure is drawn of; the arguments replace what is empty."""

    def make(model=None, task=None, data=None, history=()):
        return Trained(model, task, data, list(history), {}, {}, Path())

    return make


@pytest.fixture
def two_classes():
    """Six points in the plane of the classes "low" and "high", for training and test."""
    inputs = torch.tensor([[0.0, 0], [1, 1], [0, 1], [8, 1], [9, 0], [9, 2]])
    targets = torch.tensor([0, 0, 0, 1, 1, 1])

    class Samples(tuple):
        inputs, targets = property(lambda self: self[0]), property(lambda self: self[1])

    samples = Samples((inputs, targets))
    return SimpleNamespace(
        train=samples,
        test=samples,
        class_names=["low", "high"],
        input_names=["width", "height"],
        dimensions={"input_shape": (2,), "num_classes": 2},
    )


@pytest.fixture
def right_of():
    """Makes an estimator that gives class 1 right of a place."""

    class RightOf:
        def __init__(self, place):
            self.place = place

        def predict(self, inputs):
            return (np.asarray(inputs)[:, 0] > self.place).astype(np.int64)

        def score(self, inputs, targets):
            return float((self.predict(inputs) == targets).mean())

    return RightOf
