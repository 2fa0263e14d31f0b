"""The convolutions of VGG16 against torchvision's."""

import pytest
import torch
from torch import nn
from torchvision.models.vgg import cfgs, make_layers

from phytotron.data.vgg16 import MEAN_BGR, random_convolutions
from phytotron.errors import UserError
from phytotron.models.style.vgg16_trunk import NAMES, VGG16Trunk

CONVOLUTIONS = random_convolutions()


def test_it_is_torchvision_s_network_with_mean_pooling():
    features = make_layers(cfgs["D"])  # of `torchvision.models.vgg16`
    for index, layer in enumerate(features):
        if isinstance(layer, nn.MaxPool2d):
            features[index] = nn.AvgPool2d(2)
    own = [layer for layer in features if isinstance(layer, nn.Conv2d)]
    assert len(own) == len(NAMES)
    for layer, convolution in zip(own, CONVOLUTIONS, strict=True):
        layer.weight.data, layer.bias.data = convolution.kernel, convolution.bias
    images = torch.rand(2, 3, 32, 32)
    blue_first = images[:, [2, 1, 0]] * 255 - torch.tensor(MEAN_BGR).view(3, 1, 1)
    # after their ReLU: the layers 1 and 29 of torchvision's list
    found = VGG16Trunk(CONVOLUTIONS, ["block1_conv1", "block5_conv3"])(images)
    assert found.keys() == {"block1_conv1", "block5_conv3"}
    with torch.no_grad():
        torch.testing.assert_close(found["block1_conv1"], features[:2](blue_first))
        torch.testing.assert_close(found["block5_conv3"], features[:30](blue_first))


def test_it_is_neither_trained_nor_saved():
    trunk = VGG16Trunk(CONVOLUTIONS, ["block2_conv2"])
    assert not list(trunk.parameters())
    assert not trunk.state_dict()
    image = torch.rand(1, 3, 16, 16, requires_grad=True)
    trunk(image)["block2_conv2"].sum().backward()
    assert image.grad.any()


def test_an_unknown_layer_is_answered():
    with pytest.raises(UserError, match="did you mean 'block4_conv2'"):
        VGG16Trunk(CONVOLUTIONS, ["block4_conv22"])
