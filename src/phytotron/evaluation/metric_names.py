"""What metrics are called in texts, tables and figures."""

from __future__ import annotations

METRIC_NAMES = {
    "macro_f1": "macro-F1",
    "f1": "F1",
    "log_loss": "log loss",
    "mse": "mean squared error",
    "mae": "mean absolute error",
    "rmse": "RMSE",
    "r2": "R²",
    "bleu": "BLEU",
    "map50": "mAP at an IoU of 0.5",
}


def metric_name(metric: str) -> str:
    """The name of a metric, without its split: `macro-F1` for `macro_f1` and `test/macro_f1`."""
    metric = metric.rpartition("/")[2]
    return METRIC_NAMES.get(metric, metric.replace("_", " "))


def capitalised(name: str) -> str:
    """The name at the beginning of a title; the rest stays as it is."""
    return name[:1].upper() + name[1:]
