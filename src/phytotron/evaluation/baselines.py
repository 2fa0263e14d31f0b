"""What simpler methods reach on the same split: the numbers that stand beside a result.

A result means little alone. A network that tells ten digits apart with an accuracy of 0.97 is good
beside the commonest class (0.11), and less so beside logistic regression (0.92). A card names the
baselines that make sense for its data (`baselines: [majority, linear]`), and `phytotron verify`
measures them in the card's metric.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from phytotron.errors import UserError, did_you_mean
from phytotron.evaluation.trained import Trained

# The metrics that can be computed from targets and predictions alone.
_METRICS: dict[str, Callable[[Any, Any], float]] = {
    "accuracy": metrics.accuracy_score,
    "binary_accuracy": metrics.accuracy_score,
    "macro_f1": lambda targets, found: metrics.f1_score(targets, found, average="macro"),
    "r2": metrics.r2_score,
    # Over all outputs together, as torchmetrics has it; scikit-learn takes the mean of the roots.
    "rmse": lambda targets, found: metrics.mean_squared_error(targets, found) ** 0.5,
}


def majority(is_classifier: bool) -> Any:
    """The commonest class, or the mean of the training targets, for every sample."""
    return DummyClassifier(strategy="most_frequent") if is_classifier else DummyRegressor()


def linear(is_classifier: bool) -> Any:
    """Logistic regression with the usual penalty, or linear regression, on standardised inputs."""
    model = LogisticRegression(max_iter=1000) if is_classifier else LinearRegression()
    return make_pipeline(StandardScaler(), model)


def nearest_neighbour(is_classifier: bool) -> Any:
    """The target of the most similar training sample, by the distance of standardised inputs."""
    model = KNeighborsClassifier(1) if is_classifier else KNeighborsRegressor(1)
    return make_pipeline(StandardScaler(), model)


BASELINES: dict[str, Callable[[bool], Any]] = {
    "majority": majority,
    "linear": linear,
    "nearest_neighbour": nearest_neighbour,
}


def check_baselines(names: Sequence[str], metric: str, where: str) -> None:
    """Refuse baselines that cannot be measured, before anything is trained.

    Raises:
        UserError: there is no such baseline, or it cannot be measured in the metric.
    """
    for name in names:
        if name not in BASELINES:
            raise UserError(
                f"no baseline '{name}'",
                where=f"{where}: card.baselines",
                allowed=", ".join(BASELINES),
                hint=did_you_mean(name, BASELINES),
            )
    split, _, measured = metric.partition("/")
    if names and measured not in _METRICS:
        near = did_you_mean(measured, _METRICS)
        raise UserError(
            f"baselines cannot be measured in '{metric}'",
            where=f"{where}: card.baselines",
            allowed=f"none, or a metric of: {', '.join(_METRICS)}",
            hint=near.replace("'", f"'{split}/", 1) if near else None,
        )


def measure_baselines(names: Sequence[str], metric: str, trained: Trained) -> dict[str, float]:
    """Fit baselines on the training split of a model, and measure them as the model was measured.

    Args:
        names: of `BASELINES`.
        metric: with its split, such as `test/accuracy`.
        trained: the model whose data is used.
    """
    split, _, name = metric.partition("/")
    parts = {"train": "train", "val": "validation", "test": "test"}
    inputs, targets = _arrays(trained.data.train)
    asked, wanted = _arrays(getattr(trained.data, parts[split]))
    is_classifier = "num_classes" in trained.data.dimensions or trained.data.is_binary
    found = {}
    for each in names:
        model = BASELINES[each](is_classifier).fit(inputs, targets)
        found[each] = float(_METRICS[name](wanted, model.predict(asked)))
    return found


def _arrays(samples: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Inputs as rows of numbers, and targets."""
    inputs, targets = np.asarray(samples.inputs), np.asarray(samples.targets)
    if targets.ndim == 2 and targets.shape[1] == 1:
        targets = targets[:, 0]
    return inputs.reshape(len(inputs), -1), targets
