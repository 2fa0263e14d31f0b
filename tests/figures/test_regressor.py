from __future__ import annotations

import numpy as np
import pytest

from phytotron.figures.classifier import save
from phytotron.figures.regressor import predictions_figure, residuals_figure

TARGETS = np.array([[0.0], [1.0], [2.0], [4.0]], np.float32)
VALUES = np.array([[0.5], [1.0], [2.0], [3.0]], np.float32)


def test_predicted_values_are_drawn_over_the_true_ones():
    (axes,) = predictions_figure(TARGETS, VALUES).axes
    diagonal, points = axes.lines
    assert diagonal.get_xydata().tolist() == [[0, 0], [4, 4]]
    assert points.get_xydata().tolist() == [[0, 0.5], [1, 1], [2, 2], [4, 3]]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("true value", "predicted value")


def test_residuals_are_counted_below_and_above_the_true_value():
    (axes,) = residuals_figure(TARGETS, VALUES).axes
    (steps,) = axes.patches
    counts, edges, _ = steps.get_data()
    assert (edges[0], edges[-1]) == (-1, 0.5)  # predicted − true
    assert counts.sum() == 4
    assert (counts[0], counts[-1]) == (1, 1)
    assert counts[np.searchsorted(edges, 0, side="right") - 1] == 2


def test_of_many_samples_500_points_are_drawn_from_first_to_last():
    targets = np.arange(20_000, dtype=np.float32)[:, None]
    (axes,) = predictions_figure(targets, targets).axes
    drawn = axes.lines[1].get_xdata()
    assert (len(drawn), drawn[0], drawn[-1]) == (500, 0, 19_999)
    (axes,) = residuals_figure(targets, targets).axes
    assert axes.patches[0].get_data().values.sum() == 20_000


def test_each_output_has_its_own_points_and_steps():
    targets, values = np.hstack([TARGETS, 10 * TARGETS]), np.hstack([VALUES, 10 * VALUES])
    figure = predictions_figure(targets, values)
    assert figure.axes[0].lines[2].get_xydata().tolist() == [[0, 5], [10, 10], [20, 20], [40, 30]]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["output 1", "output 2"]
    steps = residuals_figure(targets, values).axes[0].patches
    assert [step.get_data().values.sum() for step in steps] == [4, 4]


@pytest.mark.parametrize("outputs", [1, 2, 64])
@pytest.mark.parametrize("draw", [predictions_figure, residuals_figure])
def test_one_constant_sample_and_any_number_of_outputs_can_be_drawn(draw, outputs, tmp_path):
    values = np.full((1, outputs), 3, np.float32)
    save(draw(values, values), tmp_path / "f.png", dpi=30)
    assert (tmp_path / "f.png").stat().st_size > 500
