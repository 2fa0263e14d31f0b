"""How well each variant of `phytotron.models.classic.variants.Variants` does, as a table."""

from __future__ import annotations

from typing import Any

import numpy as np

from phytotron.evaluation.trained import Trained


def draw(trained: Trained) -> list[dict[str, Any]]:
    """A row a variant: accuracy over the folds (mean and standard deviation), and on the splits."""
    model, data = trained.model, trained.data
    splits = {"train": data.train, "test": data.test}
    rows = []
    for name, scores in model.scores_.items():
        row = {
            "variant": name,
            "folds_mean": float(scores.mean()),
            "folds_std": float(scores.std()),
        }
        for split, samples in splits.items():
            if samples is not None:
                inputs, targets = (np.asarray(tensor) for tensor in samples)
                row[split] = float(model.estimators_[name].score(inputs, targets))
        rows.append(row)
    return rows
