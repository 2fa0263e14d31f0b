"""The number of samples of each class in each cluster, as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics.cluster import contingency_matrix

from phytotron.evaluation.trained import Trained
from phytotron.training.model_folder import class_names


def draw(trained: Trained) -> list[dict[str, Any]]:
    """A row per class, a column per cluster; the clusters have the estimator's numbers."""
    targets = np.asarray(trained.data.train.targets)
    counts = contingency_matrix(targets, trained.model.labels_)
    return [
        {"class": name, **{f"group_{group}": int(count) for group, count in enumerate(row)}}
        for name, row in zip(class_names(trained.data), counts, strict=True)
    ]
