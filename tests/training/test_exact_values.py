"""Trainings whose numbers a text prints, digit by digit."""

from __future__ import annotations

import pytest

from phytotron.training.fit import fit


def test_the_losses_of_the_iris_network(compose, tmp_path):
    """The full training on the real flowers: 4-5-3, seed 1234, full batch with momentum."""
    config = compose("dense/iris_mlp", "seed=1234", "data.batch_size=null")
    fitted = fit(config, tmp_path / "model", tmp_path / "scratch")
    losses = [fitted.history[epoch - 1]["train_loss"] for epoch in (1, 10, 20, 30, 40, 50)]
    assert losses == pytest.approx([1.2181, 0.6745, 0.2447, 0.1397, 0.1001, 0.0855], abs=6e-5)
    assert fitted.parameters == 43
