"""Which classes a classifier takes for which, on the test split."""

from __future__ import annotations

from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from phytotron.evaluation.figures import confusion_figure
from phytotron.evaluation.outputs import class_names, predicted_classes
from phytotron.evaluation.trained import Trained


def draw(trained: Trained) -> Figure:
    inputs, targets = trained.data.test
    names = class_names(trained.data)
    predicted = predicted_classes(trained, inputs)
    return confusion_figure(confusion_matrix(targets, predicted, labels=range(len(names))), names)
