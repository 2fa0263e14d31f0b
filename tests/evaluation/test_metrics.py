from __future__ import annotations

import numpy as np
import pytest

from phytotron.evaluation.classifier import per_class
from phytotron.evaluation.evaluate import scores
from phytotron.evaluation.predictions import ClassPredictions


@pytest.fixture
def by_hand() -> ClassPredictions:
    """Confusion [[3, 1, 0], [2, 4, 0], [0, 0, 0]]: the third class has no samples."""
    predicted = [0, 0, 0, 1, 0, 0, 1, 1, 1, 1]
    probabilities = np.full((10, 3), 0.25, np.float32)
    probabilities[np.arange(10), predicted] = 0.5
    return ClassPredictions(
        labels=["x", "y", "z"],
        groups=["page"] * 10,
        texts=[str(row) for row in range(10)],
        actual=np.array([0] * 4 + [1] * 6),
        probabilities=probabilities,
    )


def test_scores_worked_out_by_hand(by_hand):
    found = scores(by_hand, resamples=10, seed=0)
    assert found["accuracy"] == pytest.approx(0.7)
    assert found["macro_f1"] == pytest.approx((6 / 9 + 8 / 11) / 2)
    assert found["log_loss"] == pytest.approx(-(7 * np.log(0.5) + 3 * np.log(0.25)) / 10)
    # one page only: every resample is the same
    assert found["accuracy_low"] == found["accuracy_high"] == pytest.approx(0.7)
    assert found["macro_f1_low"] == found["macro_f1_high"] == pytest.approx(found["macro_f1"])


def test_a_certain_mistake_has_a_finite_loss(by_hand):
    probabilities = np.zeros((10, 3), np.float32)
    probabilities[:, 2] = 1
    wrong = ClassPredictions(
        by_hand.labels, by_hand.groups, by_hand.texts, by_hand.actual, probabilities
    )
    assert scores(wrong, resamples=10, seed=0)["log_loss"] == pytest.approx(15.94, abs=0.01)


def test_per_class_worked_out_by_hand(by_hand):
    rows = per_class(by_hand)
    assert [row["label"] for row in rows] == ["x", "y", "z"]
    assert [row["support"] for row in rows] == [4, 6, 0]
    assert [row["precision"] for row in rows] == pytest.approx([3 / 5, 4 / 5, 0])
    assert [row["recall"] for row in rows] == pytest.approx([3 / 4, 4 / 6, 0])
    assert [row["f1"] for row in rows] == pytest.approx([6 / 9, 8 / 11, 0])


def test_a_model_that_is_always_right_scores_1(make_predictions):
    perfect = make_predictions()
    certain = np.eye(4, dtype=np.float32)[perfect.actual]
    found = scores(
        ClassPredictions(perfect.labels, perfect.groups, perfect.texts, perfect.actual, certain),
        resamples=200,
        seed=0,
    )
    assert found.pop("log_loss") == pytest.approx(0, abs=1e-6)
    assert set(found.values()) == {1.0}
