"""Fitting an estimator in the sense of scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score, f1_score, log_loss

from phytotron.config.instantiate import instantiate
from phytotron.data.paragraphs import load_split
from phytotron.training.fitted import Fitted
from phytotron.watch import current_journal


def fit_estimator(config: Mapping[str, Any], data: Path) -> Fitted:
    """Fit the estimator of `config["model"]` to the texts and class ids of the train split."""
    estimator = instantiate(config["model"])
    train, validation = load_split(data, "train"), load_split(data, "validation")
    texts, labels = train.texts, train.labels
    started = time.perf_counter()
    estimator.fit(texts, labels)
    seconds = time.perf_counter() - started
    steps = int(getattr(estimator, "n_iter_", 1))

    probabilities = estimator.predict_proba(validation.texts)
    predicted = estimator.classes_[probabilities.argmax(axis=1)]
    known = np.isin(validation.labels, estimator.classes_)
    row = {
        "epoch": 0,
        "step": steps,
        "val_loss": log_loss(
            validation.labels[known], probabilities[known], labels=estimator.classes_
        ),
        "val_accuracy": accuracy_score(validation.labels, predicted),
        "val_macro_f1": f1_score(validation.labels, predicted, average="macro"),
    }
    if journal := current_journal():
        journal.metrics(steps, row)
    print(
        f"fitted in {seconds:.1f} s  val_accuracy {row['val_accuracy']:.4f}  "
        f"val_macro_f1 {row['val_macro_f1']:.4f}",
        flush=True,
    )
    return Fitted(
        model=estimator,
        history=[row],
        epochs=1,
        steps=steps,
        samples=len(train),
        parameters=sum(array.size for array in learned_arrays(estimator)),
        best_epoch=0,
        stopped="fitted",
        seconds=seconds,
    )


def learned_arrays(estimator: BaseEstimator) -> Iterator[np.ndarray]:
    """The floating-point arrays among the learned attributes, those of inner estimators too."""
    for name, value in vars(estimator).items():
        for item in _flat(value):
            if isinstance(item, BaseEstimator):
                yield from learned_arrays(item)
            elif name.endswith("_") and isinstance(item, np.ndarray) and item.dtype.kind == "f":
                yield item


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value
