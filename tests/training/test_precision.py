"""Mixed precision."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from phytotron.errors import UserError
from phytotron.tasks.supervised import Supervised
from phytotron.training.trainer import build_trainer

NODE = {
    "accelerator": "cpu",
    "devices": 1,
    "precision": "32-true",
    "max_epochs": 1,
    "gradient_clip_val": 0.1,
    "threads": 1,
}
GPU = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")


def task(lr: float = 0.1) -> Supervised:
    torch.manual_seed(0)
    return Supervised(
        nn.Linear(5, 3),
        optimizer={"_target_": "torch.optim.SGD", "lr": lr, "fused": True},
        loss=nn.CrossEntropyLoss(),
        metrics={},
    )


def batches(count: int = 1, scale: float = 1.0) -> DataLoader:
    batch = (scale * torch.ones(6, 5), torch.arange(6) % 3)
    return DataLoader([batch] * count, batch_size=None)


@pytest.mark.parametrize("accelerator", ["cpu", pytest.param("gpu", marks=GPU)])
@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_the_gradients_of_a_fused_optimizer_are_clipped(tmp_path, precision, accelerator):
    """A step of plain SGD is as long as the learning rate times the clipped gradient."""
    trained = task(lr=1.0)
    before = torch.cat([p.detach().flatten() for p in trained.parameters()])
    node = NODE | {"precision": precision, "gradient_clip_val": 0.01, "accelerator": accelerator}
    build_trainer(node, [], tmp_path).fit(trained, batches())
    after = torch.cat([p.detach().cpu().flatten() for p in trained.parameters()])
    assert (after - before).norm().item() == pytest.approx(0.01, rel=1e-3)


def test_a_step_with_gradients_that_are_not_finite_is_left_out(tmp_path):
    """Inputs whose gradients overflow in float16: the scale falls, the weights stay."""
    trained = task()
    before = {name: value.clone() for name, value in trained.network.state_dict().items()}
    trainer = build_trainer(NODE | {"precision": "16-mixed"}, [], tmp_path)
    trainer.fit(trained, batches(scale=1e4))
    assert trainer.precision_plugin.scaler.get_scale() == 65536 / 2
    for name, value in trained.network.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_a_network_that_torch_cannot_compute_so_is_the_user_s_mistake(compose, train):
    """Float16 in an LSTM: not on every processor."""
    config = compose("router/bilstm", "trainer.precision=16-mixed", "trainer.max_epochs=1")
    try:
        with torch.autocast("cpu", torch.float16):
            nn.LSTM(4, 4)(torch.ones(2, 1, 4))
    except RuntimeError:
        with pytest.raises(UserError, match=r"trainer\.precision: this network cannot be computed"):
            train(config)
    else:
        train(config)
