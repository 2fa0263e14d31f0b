"""The convolutional variational autoencoder."""

from __future__ import annotations

import pytest
import torch

from phytotron.models.generative.convolutional_vae import ConvolutionalVAE


def network(**changes):
    torch.manual_seed(0)
    return ConvolutionalVAE(**({"input_shape": (1, 32, 32)} | changes))


@pytest.mark.parametrize(("output", "weights"), [("dense", 17_062_000), ("convolution", 284_785)])
def test_its_size(output, weights):
    assert sum(p.numel() for p in network(output=output).parameters()) == weights


@pytest.mark.parametrize("output", ["dense", "convolution"])
def test_images_come_back_in_their_shape_and_range(output):
    made = network(channels=8, output=output)
    images, mean, log_variance = made(torch.rand(3, 1, 32, 32))
    assert images.shape == (3, 1, 32, 32)
    assert mean.shape == log_variance.shape == (3, 8)
    assert made.sample(5).shape == (5, 1, 32, 32)
    assert images.min() >= 0
    assert images.max() <= 1


def test_codes_are_drawn_around_the_mean_with_the_variance():
    made = network(channels=8, output="convolution").eval()
    torch.nn.init.zeros_(made.mean.weight)
    torch.nn.init.zeros_(made.log_variance.weight)
    torch.nn.init.constant_(made.mean.bias, 2.0)
    torch.nn.init.constant_(made.log_variance.bias, -1.0)
    seen = []
    made.decoder.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    made(torch.zeros(2000, 1, 32, 32))
    deviation, mean = torch.std_mean(seen[0])
    assert float(mean.detach()) == pytest.approx(2, abs=0.02)
    assert float(deviation.detach()) == pytest.approx(torch.tensor(-0.5).exp().item(), abs=0.02)


@pytest.mark.parametrize(
    "wrong", [{"input_shape": (3, 32, 32)}, {"input_shape": (1, 28, 28)}, {"output": "sparse"}]
)
def test_what_it_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=r"images are|the output is"):
        network(**wrong)
