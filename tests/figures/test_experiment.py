from __future__ import annotations

import numpy as np
import pytest

from phytotron.evaluation.predictions import FILE, ValuePredictions, save
from phytotron.figures.experiment import experiment_figures

HISTORY = "epoch,step,train_loss,val_loss,val_rmse\n"


@pytest.fixture
def folders(tmp_path):
    """An evaluation without files, and a model that was fitted in one step."""
    evaluation, model = tmp_path / "evaluation", tmp_path / "model"
    evaluation.mkdir()
    model.mkdir()
    (model / "history.csv").write_text(HISTORY + "0,1,,,0.5\n")
    return evaluation, model


def test_predicted_values_have_their_figures(folders):
    evaluation, _ = folders
    targets = np.array([[1], [2]], np.float32)
    save(ValuePredictions(None, None, targets, targets + 1), evaluation / FILE)
    found = experiment_figures(*folders, "rmse")
    assert list(found) == ["predictions", "residuals"]
    assert found["predictions"].axes[0].lines[1].get_ydata().tolist() == [2, 3]


def test_predicted_classes_have_theirs(folders):
    evaluation, _ = folders
    (evaluation / "confusion.csv").write_text("actual,predicted\na,a\na,b\nb,b\n")
    (evaluation / "per_class.csv").write_text("label,support\na,2\nb,1\n")
    header = "bin_low,bin_high,count,confidence,accuracy\n"
    (evaluation / "calibration.csv").write_text(header + "0.5,1.0,3,0.8,0.67\n")
    found = experiment_figures(*folders, "accuracy")
    assert list(found) == ["confusion", "calibration"]
    assert [text.get_text() for text in found["confusion"].axes[0].texts] == ["50", "50", "100"]


def test_without_predictions_the_curves_of_the_loss_are_left(folders):
    assert experiment_figures(*folders, "score") == {}
    (folders[1] / "history.csv").write_text(HISTORY + "0,1,3,,\n1,2,2,,\n")
    (name, figure), *others = experiment_figures(*folders, "score").items()
    assert (name, others) == ("learning_curves", [])
    (losses,) = figure.axes
    assert losses.lines[0].get_ydata().tolist() == [3, 2]


def test_a_history_without_losses_has_no_curves(folders):
    (folders[1] / "history.csv").write_text("epoch,step\n0,1\n1,2\n")
    assert experiment_figures(*folders, "score") == {}
