"""What trained models say of samples."""

from types import SimpleNamespace

import numpy as np
import torch
from sklearn.tree import DecisionTreeClassifier
from torch import nn

from phytotron.evaluation.evaluate import class_scores, predicted_classes
from phytotron.training.model_folder import class_names

INPUTS = torch.linspace(-1, 1, 1201)[:, None]  # more than a network gets at once


def test_a_network_s_scores_are_those_of_all_samples_in_order():
    torch.manual_seed(0)
    network = nn.Linear(1, 3)
    torch.testing.assert_close(class_scores(network, INPUTS), network(INPUTS).detach())


def test_networks_and_estimators_give_classes():
    classes = (INPUTS[:, 0] > 0.5).long()
    network = nn.Linear(1, 2)
    network.weight.data, network.bias.data = torch.tensor([[0.0], [1.0]]), torch.tensor([0.5, 0.0])
    tree = DecisionTreeClassifier().fit(INPUTS.numpy(), classes.numpy())
    for model in (network, tree):
        found = predicted_classes(SimpleNamespace(model=model), INPUTS)
        np.testing.assert_array_equal(found, classes)


def test_classes_without_names_go_by_their_numbers():
    nameless = SimpleNamespace(class_names=None, dimensions={"num_classes": 3})
    assert class_names(nameless) == ["0", "1", "2"]
    assert class_names(SimpleNamespace(class_names=("cat", "dog"))) == ["cat", "dog"]
