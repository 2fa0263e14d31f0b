"""Accumulated gradients, compiled networks, images with their channels last."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.utils.data import DataLoader

from phytotron.errors import UserError
from phytotron.nn.logit_adjustment import LogitAdjustedCrossEntropy
from phytotron.tasks.supervised import Supervised
from phytotron.training.network_form import prepare
from phytotron.training.trainer import build_trainer

NODE = {
    "accelerator": "cpu",
    "devices": 1,
    "precision": "32-true",
    "max_epochs": 2,
    "gradient_clip_val": 0.05,
    "threads": 1,
}
CLASSES = 3


def trained(tmp_path, *, batch: int, accumulate: int) -> dict[str, torch.Tensor]:
    """A network after two epochs over the same 48 rows in the same order."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, CLASSES))
    task = Supervised(
        network,
        optimizer={"_target_": "torch.optim.SGD", "lr": 0.5, "momentum": 0.9},
        loss=LogitAdjustedCrossEntropy([16] * CLASSES, 0.5, 0.1),
        metrics={},
    )
    inputs = torch.randn(48, 5)
    targets = torch.arange(48) % CLASSES
    batches = list(zip(inputs.split(batch), targets.split(batch), strict=True))
    trainer = build_trainer(NODE | {"accumulate_grad_batches": accumulate}, [], tmp_path)
    trainer.fit(task, DataLoader(batches, batch_size=None))
    return network.state_dict()


def test_two_accumulated_batches_are_one_of_twice_the_size(tmp_path):
    twice = trained(tmp_path, batch=4, accumulate=2)
    once = trained(tmp_path, batch=8, accumulate=1)
    for name, value in once.items():
        assert torch.allclose(value, twice[name], rtol=0, atol=1e-6), name


@pytest.mark.slow
def test_a_compiled_network_is_saved_under_the_same_names(compose, train):
    small = ["trainer.max_epochs=1", "data.max_tokens=8", "model.dropout=0", "optimizer.lr=0.1"]
    small += ["optimizer._target_=torch.optim.SGD", "~optimizer.weight_decay"]
    saved = [
        load_file(train(compose("router/textcnn", *small, *own), name) / "model.safetensors")
        for name, own in {"plain": [], "compiled": ["trainer.compile=default"]}.items()
    ]
    assert saved[0].keys() == saved[1].keys()
    for name, value in saved[0].items():
        assert torch.allclose(value, saved[1][name], rtol=0, atol=1e-5), name


@pytest.mark.slow
def test_a_compiler_that_is_not_there_is_the_user_s_mistake(compose, train, monkeypatch, tmp_path):
    monkeypatch.setattr("torch._inductor.config.cpp.cxx", (str(tmp_path / "no-compiler"),))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(UserError, match=r"trainer\.compile: torch cannot compile"):
        train(compose("router/textcnn", "trainer.compile=default"))


def test_images_are_laid_out_channels_last_and_classified_the_same():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 2, 3), nn.Flatten(2))
    images = torch.from_numpy(np.random.default_rng(0).normal(size=(4, 3, 8, 8))).float()
    before, names = network(images), list(network.state_dict())
    seen = []
    network[1].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    prepare(network, {"channels_last": True})
    torch.testing.assert_close(network(images), before)
    assert seen[-1].is_contiguous(memory_format=torch.channels_last)
    assert list(network.state_dict()) == names


def test_a_network_without_images_has_no_channels_to_put_last(compose, train):
    with pytest.raises(UserError, match=r"trainer\.channels_last: .* no convolutions over images"):
        train(compose("router/textcnn", "trainer.channels_last=true"))
