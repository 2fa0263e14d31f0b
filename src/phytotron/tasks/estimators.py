"""How models without a gradient in torch are fitted and measured.

They follow scikit-learn: `fit`, `predict`, learned attributes with a trailing underscore. What one
measured while it was fitted it keeps as `history_`, a list of dicts with the key `epoch`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import adjusted_rand_score, log_loss

from phytotron.tasks.answers import CLASSES, Answers, described_answers

History = list[dict[str, float]]


class EstimatorTask(Protocol):
    """How an estimator is fitted and measured; `data` is what the config's group describes."""

    def fit(self, model: Any, data: Any) -> History:
        """Fit it; the history of what was measured meanwhile."""

    def test(self, model: Any, data: Any) -> dict[str, float]:
        """Its metrics, such as `test/accuracy`."""

    def answers(self, data: Any) -> Answers | None:
        """What the estimator's outputs mean; None: it cannot predict single samples."""

    def test_outputs(self, model: Any, data: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """Predictions and targets of the test split, one row per sample."""


class SupervisedEstimator:
    """An estimator that learns to give the targets of inputs.

    Args:
        metrics: functions of (targets, predictions), by name; measured on each split that the data
            has. For an estimator with `predict_proba` the log loss is measured, too.
    """

    def __init__(self, metrics: Mapping[str, Callable[[Any, Any], float]]) -> None:
        self.metrics = metrics

    def fit(self, model: Any, data: Any) -> History:
        model.fit(*_arrays(data.train))
        if hasattr(model, "history_"):
            return list(model.history_)
        if data.validation is None:
            return []
        return [{"epoch": 0} | self._measured(model, data.validation, "val_")]

    def test(self, model: Any, data: Any) -> dict[str, float]:
        splits = {"train": data.train, "val": data.validation, "test": data.test}
        return {
            name: value
            for split, samples in splits.items()
            if samples is not None
            for name, value in self._measured(model, samples, f"{split}/").items()
        }

    def answers(self, data: Any) -> Answers | None:
        return described_answers(data)

    def test_outputs(self, model: Any, data: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        inputs, targets = _arrays(data.test)
        answers = self.answers(data)
        assert answers is not None
        return estimator_outputs(model, inputs, answers, data.dimensions), targets

    def _measured(self, model: Any, samples: Any, prefix: str) -> dict[str, float]:
        inputs, targets = _arrays(samples)
        measured = {}
        if hasattr(model, "predict_proba"):
            probabilities = model.predict_proba(inputs)
            predicted = model.classes_[probabilities.argmax(axis=1)]
            # A class that training did not have has no probability.
            known = np.isin(targets, model.classes_)
            measured[f"{prefix}loss"] = float(
                log_loss(targets[known], probabilities[known], labels=model.classes_)
            )
        else:
            predicted = model.predict(inputs)
        for name, metric in self.metrics.items():
            measured[prefix + name] = float(metric(targets, predicted))
        return measured


class _Unasked:
    """A task whose model cannot be asked about one sample."""

    def answers(self, data: Any) -> Answers | None:
        return None

    def test_outputs(self, model: Any, data: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        raise NotImplementedError


class Clustering(_Unasked):
    """An estimator that groups inputs around centres, without knowing their classes.

    For training and test it gives `inertia`, the sum of the squared distances to the nearest
    centre, and `mean_distance`, the mean of the distances themselves, which k-means does not
    minimise; for training also how many centres there are, `train/clusters`. Where the samples have
    targets, `train/adjusted_rand_index` compares its groups with the classes (Hubert and Arabie,
    1985): 1 for the same groups, about 0 for random ones.
    """

    def fit(self, model: Any, data: Any) -> History:
        model.fit(np.asarray(data.train.inputs))
        return list(getattr(model, "history_", []))

    def test(self, model: Any, data: Any) -> dict[str, float]:
        measured = {"train/clusters": float(len(np.unique(model.labels_)))}
        for split, samples in (("train", data.train), ("test", data.test)):
            if samples is not None:
                nearest = model.transform(np.asarray(samples.inputs)).min(axis=1)
                measured[f"{split}/inertia"] = float(np.sum(nearest**2))
                measured[f"{split}/mean_distance"] = float(nearest.mean())
        if "targets" in data.train._fields:
            index = adjusted_rand_score(np.asarray(data.train.targets), model.labels_)
            measured["train/adjusted_rand_index"] = float(index)
        return measured


class SelfMeasured(_Unasked):
    """A model that knows itself what to measure: a sampler, an agent, a study.

    It has `fit(data)` and `measure(data)`, which gives the metrics; `data` may be None.
    """

    def fit(self, model: Any, data: Any) -> History:
        model.fit(data)
        return list(getattr(model, "history_", []))

    def test(self, model: Any, data: Any) -> dict[str, float]:
        return {name: float(value) for name, value in model.measure(data).items()}


def estimator_outputs(
    model: Any, inputs: Any, answers: Answers, dimensions: Mapping[str, Any]
) -> NDArray[Any]:
    """Probabilities, shape (samples, classes), or predictions, shape (samples, outputs).

    A class without a training sample has no column in the estimator, and probability 0 here. An
    estimator without probabilities gives the class that it decides for the probability 1.

    Args:
        model: a fitted estimator.
        inputs: an array or texts.
        answers: of its task.
        dimensions: of its data, with `num_classes` for a classifier.
    """
    if answers.kind != CLASSES:
        return np.asarray(model.predict(inputs)).reshape(len(inputs), -1)
    classes = 2 if answers.activation == "second" else dimensions["num_classes"]
    result = np.zeros((len(inputs), classes), np.float32)
    if len(inputs) and hasattr(model, "predict_proba"):
        result[:, np.asarray(model.classes_, int)] = model.predict_proba(inputs)
    elif len(inputs):
        result[np.arange(len(inputs)), np.asarray(model.predict(inputs), int).ravel()] = 1
    return result


def _arrays(samples: Any) -> tuple[Any, NDArray[Any]]:
    """Inputs and targets of a split as NumPy arrays; texts stay a list."""
    inputs, targets = samples
    return np.asarray(inputs) if hasattr(inputs, "shape") else inputs, np.asarray(targets)
