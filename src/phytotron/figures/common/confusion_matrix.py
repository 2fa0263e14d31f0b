"""The confusion matrix of a classifier on the test split."""

from __future__ import annotations

from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from phytotron.evaluation.evaluate import test_classes
from phytotron.evaluation.trained import Trained
from phytotron.figures.classifier import confusion_figure
from phytotron.training.model_folder import class_names


def draw(trained: Trained) -> Figure:
    targets, predicted = test_classes(trained)
    names = class_names(trained.data)
    return confusion_figure(confusion_matrix(targets, predicted, labels=range(len(names))), names)
