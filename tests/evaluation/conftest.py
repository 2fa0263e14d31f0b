"""Predictions with known properties, drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from phytotron.evaluation.predictions import ClassPredictions

MakePredictions = Callable[..., ClassPredictions]


@pytest.fixture(scope="session")
def make_predictions() -> MakePredictions:
    """A factory of predictions for one test set: the data depends on `data_seed` alone."""

    def make(
        model_seed: int = 0,
        skill: float = 0.6,
        *,
        data_seed: int = 0,
        pages: int = 40,
        samples: int = 400,
        classes: int = 4,
    ) -> ClassPredictions:
        data = np.random.default_rng(data_seed)
        page = data.integers(pages, size=samples)
        actual = data.integers(classes, size=pages)[page]
        model = np.random.default_rng([model_seed, 1])
        logits = model.normal(size=(samples, classes))
        hit = model.random(samples) < skill
        logits[hit, actual[hit]] += 4
        odds = np.exp(logits)
        return ClassPredictions(
            labels=[f"label {number}" for number in range(classes)],
            groups=[f"http://pages.test/{number}" for number in page],
            texts=[f"text {row}" for row in range(samples)],
            actual=actual,
            probabilities=(odds / odds.sum(axis=1, keepdims=True)).astype(np.float32),
        )

    return make
