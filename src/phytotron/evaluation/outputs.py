"""The predictions of a trained model on the test split."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from phytotron.errors import UserError
from phytotron.evaluation.predictions import ClassPredictions, Predictions, ValuePredictions
from phytotron.evaluation.trained import Trained
from phytotron.tasks.answers import CLASSES
from phytotron.training.model_folder import class_names, load_model

_AT_ONCE = 500  # samples


def class_scores(model: nn.Module, inputs: Tensor) -> Tensor:
    """Outputs of a network in evaluation mode for any number of samples, shape (samples, ...)."""
    with torch.no_grad():
        return torch.cat([model(part) for part in inputs.split(_AT_ONCE)])


def predicted_classes(trained: Trained, inputs: Any) -> NDArray[np.int64]:
    """The class id that a network or an estimator gives each sample, shape (samples,)."""
    if isinstance(trained.model, nn.Module):
        return class_scores(trained.model, inputs).argmax(1).numpy()
    return np.asarray(trained.model.predict(np.asarray(inputs)))


def test_classes(trained: Trained) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The right class id and the predicted one of each test sample, both of shape (samples,)."""
    if isinstance(trained.model, nn.Module):
        outputs, targets = trained.task.test_outputs(trained.model, trained.data)
        return targets.numpy(), outputs.argmax(1).numpy()
    inputs, targets = trained.data.test
    return np.asarray(targets), predicted_classes(trained, inputs)


def test_predictions(trained: Trained) -> Predictions | None:
    """The prediction for each sample of the test split; None for a model without such predictions.

    Where the data has raw samples, such as texts, the saved model reads them in the same way as in
    use.

    Raises:
        UserError: the test split is empty, the outputs are not finite, or the model knows other
            labels than the data.
    """
    answers = trained.task.answers(trained.data)
    if answers is None or getattr(trained.data, "test", None) is None:
        return None
    groups = texts = None
    if hasattr(trained.data, "test_samples"):
        model, samples = load_model(trained.folder), trained.data.test_samples()
        _check_labels(trained, model.labels)
        found, targets = model.predict(samples.inputs), samples.targets
        groups, texts = samples.groups, samples.texts
    else:
        outputs, targets = map(np.asarray, trained.task.test_outputs(trained.model, trained.data))
        found = answers.of_outputs(outputs)
    if answers.kind != CLASSES:
        if targets.shape != found.shape:
            return None  # such as several values of a series for each sample
        return ValuePredictions(groups, texts, targets, found.astype(np.float32))
    targets = targets.reshape(len(targets), -1)
    if targets.shape[1] != 1:
        return None  # several classes for each sample
    return ClassPredictions(
        class_names(trained.data),
        groups,
        texts,
        targets[:, 0].astype(np.int64),
        found.astype(np.float32),
    )


def _check_labels(trained: Trained, labels: list[str] | None) -> None:
    known = class_names(trained.data)
    if labels is not None and list(labels) != known:
        raise UserError(
            f"the model knows {len(labels)} labels that are not the {len(known)} of its data",
            where=trained.folder.as_posix(),
            hint="run: dvc repro",
        )
