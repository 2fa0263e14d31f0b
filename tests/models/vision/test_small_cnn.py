"""The small convolutional network."""

import torch
import torch.nn.functional as F

from phytotron.models.vision.small_cnn import SmallCNN


def network(**changes):
    torch.manual_seed(0)
    options = {"input_shape": (1, 28, 28), "num_outputs": 10, "channels": (32, 64), "kernel": 5}
    return SmallCNN(**(options | {"hidden": 1024} | changes))


def test_the_size_of_the_tutorial_s_network():
    # 3x3, 64 and 128 channels: catalogue F03
    f03 = network(channels=(64, 128), kernel=3)
    assert sum(p.numel() for p in f03.parameters()) == 6_508_298


def test_it_is_convolution_relu_pooling_and_two_dense_layers():
    made = network()
    first, _, _, second, _, _ = made.features
    _, dense, _, _, last = made.classifier
    images = torch.randn(4, 1, 28, 28)
    x = F.max_pool2d(F.conv2d(images, first.weight, first.bias, padding=2).relu(), 2)
    x = F.max_pool2d(F.conv2d(x, second.weight, second.bias, padding=2).relu(), 2)
    expected = last(dense(x.flatten(1)).relu())
    torch.testing.assert_close(made(images), expected)


def test_other_images():
    colours = network(input_shape=(3, 33, 20), channels=(4, 8, 8), hidden=16)
    assert colours(torch.rand(2, 3, 33, 20)).shape == (2, 10)
