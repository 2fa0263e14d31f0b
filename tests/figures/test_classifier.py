from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from matplotlib.colors import to_hex

from phytotron.evaluation.classifier import calibration_bins
from phytotron.figures.classifier import (
    confusion_figure,
    learning_curves_figure,
    reliability_figure,
    save,
)
from phytotron.figures.theme import PRINT

LABELS = ["httpd/guides", "httpd/modules", "python/library"]
COUNTS = np.array([[8, 2, 0], [0, 0, 0], [1, 0, 299]])
HISTORY = [
    {"epoch": "0", "train_loss": "2.1", "val_loss": "1.9", "val_macro_f1": "0.3"},
    {"epoch": "1", "train_loss": "", "val_loss": "1.5", "val_macro_f1": "0.4"},
    {"epoch": "2", "train_loss": "0.9", "val_loss": "1.4", "val_macro_f1": "0.45"},
]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_the_confusion_matrix_is_in_per_cent_of_each_row_and_grouped():
    (axes,) = confusion_figure(COUNTS, LABELS).axes
    assert texts(axes)[:3] == ["80", "20", "100"]
    # 1 of 300 is below half a per cent; a class without samples has no shares
    assert texts(axes)[3:] == ["httpd", "python"]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "guides (10)",
        "modules (0)",
        "library (300)",
    ]


def test_right_and_wrong_cells_have_their_colours_and_places():
    (cells,) = confusion_figure(COUNTS, LABELS).axes[0].collections
    middles = [tuple(path.vertices[:4].mean(axis=0)) for path in cells.get_paths()]
    assert middles == [(0, 0), (1, 0), (0, 2), (2, 2)]  # predicted, actual
    colours = [to_hex(colour) for colour in cells.get_facecolors()]
    assert colours == [
        name.lower() for name in (PRINT.right, PRINT.wrong, PRINT.wrong, PRINT.right)
    ]
    # the larger a share, the stronger; 1 of 300 can still be seen
    first, second, third, fourth = cells.get_facecolors()[:, 3]
    assert fourth == 1 > first > second > third >= 0.1
    assert cells.get_urls() == ["cell-0-0", "cell-0-1", "cell-2-0", "cell-2-2"]


@pytest.mark.parametrize("labels", [["b", "a", "c"], ["x/a", "y/b", "x/c"], ["x/a", "b", "c"]])
def test_labels_that_do_not_come_in_groups_keep_their_names(labels):
    (axes,) = confusion_figure(COUNTS, labels).axes
    assert [label.get_text() for label in axes.get_xticklabels()] == labels


@pytest.mark.parametrize("classes", [1, 60, 300])
def test_any_number_of_classes_can_be_drawn(classes, tmp_path):
    figure = confusion_figure(np.eye(classes) * 5, [str(n) for n in range(classes)])
    save(figure, tmp_path / "c.png", dpi=30)
    assert (tmp_path / "c.png").stat().st_size > 1000


def test_the_reliability_diagram_has_accuracy_and_counts():
    bins = calibration_bins([0.2, 0.9, 0.95, 0.96], [False, True, True, False], 10)
    top, bottom = reliability_figure(bins).axes
    assert [bar.get_height() for bar in top.containers[0]] == pytest.approx([0, 1, 0.5])
    assert [bar.get_height() for bar in bottom.containers[0]] == [1, 1, 2]
    assert "0.302" in top.get_title(loc="left")


def test_learning_curves_leave_out_what_is_not_known():
    losses, scores = learning_curves_figure({"router/textcnn": HISTORY}).axes
    validation, train = losses.lines
    assert list(validation.get_xdata()) == [0, 1, 2]
    assert list(train.get_xdata()) == [0, 2]
    assert list(scores.lines[0].get_ydata()) == [0.3, 0.4, 0.45]


def test_what_was_trained_in_one_go_is_a_level_line():
    one = [{"epoch": "0", "train_loss": "", "val_loss": "1.2", "val_macro_f1": "0.42"}]
    figure = learning_curves_figure({"router/tfidf": one, "router/textcnn": HISTORY})
    _, scores = figure.axes
    assert list(scores.lines[0].get_ydata()) == [0.42, 0.42]
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert legend == ["router/tfidf", "router/textcnn"]


DRAW = """
import sys
from phytotron.evaluation.classifier import calibration_bins
from phytotron.figures.classifier import reliability_figure, save
figure = reliability_figure(calibration_bins([0.2, 0.9], [False, True], 10))
for path in sys.argv[1:]:
    save(figure, path)
"""


def test_the_same_figure_has_the_same_bytes_in_every_process(tmp_path):
    for run in "12":
        paths = [str(tmp_path / f"{run}.{suffix}") for suffix in ("png", "svg")]
        subprocess.run([sys.executable, "-c", DRAW, *paths], check=True)
    for suffix in ("png", "svg"):
        first, second = ((tmp_path / f"{run}.{suffix}").read_bytes() for run in "12")
        assert first == second
