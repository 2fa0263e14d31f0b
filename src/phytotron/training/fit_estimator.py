"""Fitting an estimator in the sense of scikit-learn."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from phytotron.config.instantiate import instantiate
from phytotron.tracking.watch import current_journal
from phytotron.training.build import build_data
from phytotron.training.reproducibility import make_deterministic
from phytotron.training.result import TrainingResult


def fit_estimator(config: Mapping[str, Any]) -> TrainingResult:
    """Fit the estimator of `config["model"]`, as `config["task"]` says.

    Args:
        config: the experiment's config.
    """
    make_deterministic(config["seed"], threads=1)
    data = build_data(config)
    estimator = instantiate(config["model"], context=getattr(data, "dimensions", {}))
    task = instantiate(config["task"])
    started = time.perf_counter()
    history = task.fit(estimator, data)
    seconds = time.perf_counter() - started
    steps = int(np.max(getattr(estimator, "n_iter_", max(1, len(history)))))
    # A row that does not say after which step it was measured: they are evenly spread.
    history = [
        {"epoch": number, "step": steps * (number + 1) // len(history)} | row
        for number, row in enumerate(history)
    ]
    if journal := current_journal():
        for row in history:
            journal.metrics(int(row["step"]), row)
    last = "  ".join(
        f"{name} {value:.4f}"
        for name, value in (history[-1] if history else {}).items()
        if name not in ("epoch", "step")
    )
    print(f"fitted in {seconds:.1f} s  {last}".rstrip(), flush=True)
    return TrainingResult(
        model=estimator,
        data=data,
        history=history,
        epochs=max(1, len(history)),
        steps=steps,
        samples=len(data.train[0]) if hasattr(data, "train") else 0,
        parameters=sum(array.size for array in learned_arrays(estimator)),
        best_epoch=int(history[-1]["epoch"]) if history else 0,
        stopped="fitted",
        seconds=seconds,
        answers=task.answers(data),
    )


def learned_arrays(estimator: BaseEstimator) -> Iterator[np.ndarray]:
    """The floating-point arrays among the learned attributes, those of inner estimators too.

    An estimator may keep further copies under private names. What a sampler draws is not learned:
    its class lists such attributes in `not_learned`.
    """
    for name, value in vars(estimator).items():
        if name.startswith("_") or name in getattr(estimator, "not_learned", ()):
            continue
        for item in _flat(value):
            if isinstance(item, BaseEstimator):
                yield from learned_arrays(item)
            elif name.endswith("_") and isinstance(item, np.ndarray) and item.dtype.kind == "f":
                yield item


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value
