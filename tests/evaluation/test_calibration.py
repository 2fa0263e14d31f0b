from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.errors import UserError
from phytotron.evaluation.classifier import Bin, calibration_bins, expected_calibration_error


def test_bins_worked_out_by_hand():
    bins = calibration_bins([0.1, 0.3, 0.75, 0.85, 1.0], [False, True, True, True, False], 4)
    assert [(one.bin_low, one.bin_high, one.count) for one in bins] == [
        (0, 0.25, 1),
        (0.25, 0.5, 1),
        (0.5, 0.75, 1),
        (0.75, 1, 2),
    ]
    assert [one.confidence for one in bins] == pytest.approx([0.1, 0.3, 0.75, 0.925])
    assert [one.accuracy for one in bins] == [0, 1, 1, 0.5]
    expected = (0.1 + 0.7 + 0.25 + 2 * 0.425) / 5
    assert expected_calibration_error(bins) == pytest.approx(expected)


def test_bins_without_samples_are_left_out():
    assert calibration_bins([0.0, 0.95], [True, True], 10) == [
        Bin(0, 0.1, 1, 0, 1),
        Bin(0.9, 1, 1, 0.95, 1),
    ]


def test_a_perfectly_calibrated_model_has_an_error_near_0():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.2, 1, size=200_000)
    right = rng.random(200_000) < confidence
    assert expected_calibration_error(calibration_bins(confidence, right, 15)) < 0.005


def test_an_overconfident_model_has_the_gap_as_its_error():
    rng = np.random.default_rng(0)
    right = rng.random(100_000) < 0.7
    bins = calibration_bins(np.full(100_000, 0.95), right, 15)
    assert expected_calibration_error(bins) == pytest.approx(0.25, abs=0.01)


def test_equal_to_torchmetrics(make_predictions):
    import torch
    from torchmetrics.functional.classification import multiclass_calibration_error

    predictions = make_predictions(samples=3000, classes=6)
    bins = calibration_bins(predictions.confidence, predictions.predicted == predictions.actual, 15)
    expected = multiclass_calibration_error(
        torch.from_numpy(predictions.probabilities),
        torch.from_numpy(predictions.actual),
        num_classes=6,
        n_bins=15,
        norm="l1",
    )
    assert expected_calibration_error(bins) == pytest.approx(float(expected), abs=1e-6)


@given(
    st.lists(st.tuples(st.floats(0, 1, width=32), st.booleans()), min_size=1),
    st.integers(1, 30),
    st.randoms(),
)
def test_every_sample_is_in_one_bin_whatever_the_order(samples, number, random):
    bins = calibration_bins(*zip(*samples, strict=True), number)
    assert sum(one.count for one in bins) == len(samples)
    for one in bins:
        assert one.bin_low - 1e-9 <= one.confidence <= one.bin_high + 1e-9
    error = expected_calibration_error(bins)
    assert 0 <= error <= 1
    shuffled = random.sample(samples, len(samples))
    again = calibration_bins(*zip(*shuffled, strict=True), number)
    assert expected_calibration_error(again) == pytest.approx(error)


def test_no_bins_are_refused():
    with pytest.raises(UserError, match="0 calibration bins"):
        calibration_bins([0.5], [True], 0)
