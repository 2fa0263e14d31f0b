"""How many samples of each class a clustering has put into which group, as a table."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics.cluster import contingency_matrix

from phytotron.evaluation.outputs import class_names
from phytotron.evaluation.trained import Trained


def draw(trained: Trained) -> list[dict[str, Any]]:
    """A row a class, a column a group; the groups are numbered as the estimator has them."""
    targets = np.asarray(trained.data.train.targets)
    counts = contingency_matrix(targets, trained.model.labels_)
    return [
        {"class": name, **{f"group_{group}": int(count) for group, count in enumerate(row)}}
        for name, row in zip(class_names(trained.data), counts, strict=True)
    ]
