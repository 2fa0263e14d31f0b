"""The plain convolutional network."""

import pytest
import torch
import torch.nn.functional as F

from phytotron.config.compose import compose_experiment
from phytotron.config.stage import plain
from phytotron.errors import UserError
from phytotron.models.vision.stacked_cnn import StackedCNN
from phytotron.training.build import build_data, build_network


def network(stages, **options):
    torch.manual_seed(0)
    return StackedCNN(input_shape=(3, 32, 32), num_outputs=10, stages=stages, **options)


@pytest.mark.parametrize(
    ("experiment", "parameters"),
    [("cifar10_cnn", 122_570), ("cifar10_cnn_regularised", 293_034)],
)
def test_the_experiments_have_the_size_that_their_texts_give(experiment, parameters):
    config = plain(compose_experiment(f"vision/{experiment}", ["data.tiny=true"]).config)
    built = build_network(config, build_data(config))
    assert sum(parameter.numel() for parameter in built.parameters()) == parameters


def test_the_size_of_the_tutorial_s_network():
    # 3x3 filters, 64 and 128 channels: catalogue F03
    f03 = StackedCNN(
        input_shape=(1, 28, 28),
        num_outputs=10,
        stages=[{"channels": [64], "padding": 1}, {"channels": [128], "padding": 1}],
        hidden=[1024],
    )
    assert sum(parameter.numel() for parameter in f03.parameters()) == 6_508_298


def test_sides_that_pooling_cannot_halve_lose_their_last_row():
    made = StackedCNN(
        input_shape=(3, 33, 20),
        num_outputs=10,
        stages=[{"channels": [size], "padding": 1} for size in (4, 8, 8)],
        hidden=[16],
    )
    assert made(torch.rand(2, 3, 33, 20)).shape == (2, 10)


def test_it_is_convolution_activation_and_pooling_then_dense_layers():
    made = network([{"channels": [4]}, {"channels": [5, 6], "pool": False}], hidden=[7])
    one, two, three = (layer for layer in made.features if isinstance(layer, torch.nn.Conv2d))
    _, dense, _, last = made.classifier
    images = torch.randn(2, 3, 32, 32)
    x = F.max_pool2d(F.conv2d(images, one.weight, one.bias).relu(), 2)
    x = F.conv2d(x, two.weight, two.bias).relu()
    x = F.conv2d(x, three.weight, three.bias).relu()
    torch.testing.assert_close(made(images), last(dense(x.flatten(1)).relu()))


@pytest.mark.parametrize("whole", [True, False])
def test_dropout_takes_whole_maps_or_single_values(whole):
    made = network([{"channels": [64], "dropout": 0.5}], drop_maps=whole)
    for layer in made.features:  # every feature is then 1, before dropout
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.ones_(layer.bias)
    kept = (made.train().features(torch.randn(1, 3, 32, 32)) > 0).flatten(2)
    assert ((kept.all(2) | ~kept.any(2)).all()) == whole


def test_images_that_are_too_small_are_answered():
    with pytest.raises(UserError, match="nothing is left of images of 32 x 32 pixels after stage"):
        network([{"channels": [4]}] * 5)
