"""The U-Net of the diffusion model."""

from __future__ import annotations

import math

import pytest
import torch

from phytotron.models.generative.unet import Attention, StepEmbedding, UNet


def network(**changes):
    torch.manual_seed(0)
    options = {"input_shape": (1, 28, 28), "channels": [8, 16], "blocks": 1, "patch": 2}
    return UNet(**(options | {"embedding": 16, "dropout": 0.0} | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"patch": 1, "channels": [8, 16, 8]},
        {"blocks": 2},
        {"input_shape": (3, 16, 24)},
        {"channels": [8]},
    ],
)
def test_the_noise_has_the_shape_of_the_image(changes):
    made = network(**changes)
    shape = changes.get("input_shape", (1, 28, 28))
    noise = made(torch.randn(2, *shape), torch.tensor([1, 7]))
    assert noise.shape == (2, *shape)
    noise.square().mean().backward()
    assert all(parameter.grad.any() for parameter in made.parameters())


def test_each_image_knows_its_own_step():
    made = network().eval()
    image = torch.randn(1, 1, 28, 28).expand(3, -1, -1, -1)
    noise = made(image, torch.tensor([1, 50, 1]))
    torch.testing.assert_close(noise[0], noise[2])
    assert (noise[0] - noise[1]).abs().max() > 1e-3


def test_the_embedding_of_a_step():
    embedded = StepEmbedding(4)(torch.tensor([0, 3]))
    # wavelengths 2π and 2π · 100
    expected = [math.sin(3), math.sin(0.03), math.cos(3), math.cos(0.03)]
    torch.testing.assert_close(embedded, torch.tensor([[0.0, 0, 1, 1], expected]))


def test_attention_is_that_of_pytorch():
    torch.manual_seed(0)
    made = Attention(8)
    images = torch.randn(2, 8, 3, 5)
    places = made.norm(images).flatten(2).transpose(1, 2)
    weights, biases = made.queries_keys_values.weight[:, :, 0, 0], made.queries_keys_values.bias
    reference = torch.nn.MultiheadAttention(8, 1, batch_first=True)
    reference.in_proj_weight.data, reference.in_proj_bias.data = weights, biases
    reference.out_proj.weight.data = made.out.weight[:, :, 0, 0]
    reference.out_proj.bias.data = made.out.bias
    attended, _ = reference(places, places, places)
    torch.testing.assert_close(made(images), images + attended.transpose(1, 2).view_as(images))
