"""Models of real values: metrics from sums, and how they are compared."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from phytotron.errors import UserError
from phytotron.evaluation.comparison import Measured, compare
from phytotron.evaluation.evaluate import scores
from phytotron.evaluation.predictions import ValuePredictions, load, save

SETTINGS = {"alpha": 0.05, "permutations": 199, "resamples": 100, "seed": 0}


def predictions(noise: float, outputs: int = 1, level: float = 0.0) -> ValuePredictions:
    """Of 60 samples, off by so much."""
    random = np.random.default_rng(0)
    targets = level + random.normal(size=(60, outputs))
    values = targets + noise * random.normal(size=(60, outputs))
    return ValuePredictions(None, None, targets.astype(np.float32), values.astype(np.float32))


@pytest.mark.parametrize(("outputs", "level"), [(1, 0.0), (1, 1000.0), (3, 0.0)])
def test_the_metrics_are_scikit_learn_s(outputs, level):
    made = predictions(0.3, outputs, level)
    found = scores(made, resamples=20, seed=0, wanted=["mse"])
    pair = made.targets.astype(float), made.values.astype(float)
    assert found["mse"] == pytest.approx(metrics.mean_squared_error(*pair))
    assert found["rmse"] == pytest.approx(np.sqrt(metrics.mean_squared_error(*pair)))
    assert found["mae"] == pytest.approx(metrics.mean_absolute_error(*pair))
    assert found["r2"] == pytest.approx(metrics.r2_score(*pair))
    assert found["rmse_low"] < found["rmse"] < found["rmse_high"]


def measured(metric: str, noise: float) -> Measured:
    made = predictions(noise)
    return Measured(float(made.metrics[metric](made.statistics().total())), made)


def test_the_smaller_error_is_selected_if_it_is_no_chance():
    experiments = {name: measured("rmse", noise) for name, noise in [("a", 1.0), ("b", 0.1)]}
    found = compare(experiments, "a", metric="rmse", goal="min", **SETTINGS)
    assert found["selected"] == "b"
    best, base = found["experiments"]
    assert (best["experiment"], base["experiment"]) == ("b", "a")
    assert best["difference_low"] < best["difference"] < best["difference_high"] < 0
    assert best["p_value"] == 1 / 200
    other = compare(experiments, "b", metric="rmse", goal="min", **SETTINGS)
    assert other["selected"] == "b"
    assert not other["experiments"][1]["better"]


def test_without_predictions_values_are_ranked_and_nothing_is_better():
    experiments = {"a": Measured(0.5, None), "b": Measured(0.9, None)}
    found = compare(experiments, "a", metric="bleu", goal="max", **SETTINGS)
    assert found["selected"] == "a"
    assert found["test_set"] is None
    best = found["experiments"][0]
    assert best == {
        "experiment": "b",
        "bleu": 0.9,
        "difference": pytest.approx(0.4),
        "difference_low": None,
        "difference_high": None,
        "p_value": None,
        "better": False,
    }


def test_they_are_read_back_as_written(tmp_path):
    made = predictions(0.5, outputs=2)
    save(made, tmp_path / "predictions.parquet")
    again = load(tmp_path / "predictions.parquet")
    np.testing.assert_array_equal(again.values, made.values)
    np.testing.assert_array_equal(again.targets, made.targets)
    assert again.test_set() == made.test_set()
    assert again.test_set() != predictions(0.5, outputs=2, level=1.0).test_set()


def test_values_that_are_not_finite_are_refused():
    made = predictions(0.1)
    with pytest.raises(UserError, match="values that are not finite"):
        ValuePredictions(None, None, made.targets, np.full_like(made.values, np.nan))
