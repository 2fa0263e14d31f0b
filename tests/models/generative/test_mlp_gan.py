"""The generative adversarial network of dense layers."""

from __future__ import annotations

import torch

from phytotron.models.generative.mlp_gan import MLPGAN


def network(**changes):
    torch.manual_seed(0)
    options = {"input_shape": (1, 28, 28), "latent_dim": 100, "dropout": 0.3}
    options |= {"generator": (150, 130), "discriminator": (130, 150)}
    return MLPGAN(**(options | changes))


def test_its_size():
    made = network()
    assert sum(p.numel() for p in made.generator.parameters()) == 137_484
    assert sum(p.numel() for p in made.discriminator.parameters()) == 121_851


def test_samples_are_images_and_images_get_logits():
    made = network()
    samples = made.sample(5)
    assert samples.shape == (5, 1, 28, 28)
    assert samples.abs().max() <= 1
    assert made(samples).shape == (5,)


def test_latent_vectors_are_uniform():
    made, seen = network(), []
    made.generator.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    made.sample(2000)
    assert seen[0].shape == (2000, 100)
    assert -1 <= seen[0].min() < -0.999
    assert 0.999 < seen[0].max() <= 1
    assert abs(float(seen[0].mean())) < 0.01
