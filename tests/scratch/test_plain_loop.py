"""The plain loop, and that Lightning computes the same."""

import copy

import pytest
import pytorch_lightning as pl
import torch
from torch import nn

from phytotron.data.iris import read_iris
from phytotron.data.tables import table_module
from phytotron.scratch.plain_loop import test_epoch as evaluate
from phytotron.scratch.plain_loop import train_epoch
from phytotron.tasks.supervised import Supervised

pytestmark = pytest.mark.catalogue("C28")

EPOCHS = 3


class Losses(pl.Callback):
    """The loss of each training step."""

    def __init__(self):
        self.values = []

    def on_train_batch_end(self, trainer, task, outputs, *rest):
        self.values.append(outputs["loss"].item())


def data():
    return table_module(
        read_iris(), batch_size=16, validation=20, seed=3, test_samples=30, split_seed=1234
    )


def test_lightning_computes_the_same_losses_from_the_same_batches():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(4, 5), nn.ReLU(), nn.Dropout(0), nn.Linear(5, 3))
    plain, losses = copy.deepcopy(network), Losses()
    task = Supervised(
        network,
        optimizer={"_target_": "torch.optim.SGD", "lr": 0.1, "momentum": 0.9},
        loss=nn.CrossEntropyLoss(),
        metrics={},
    )
    trainer = pl.Trainer(
        max_epochs=EPOCHS,
        accelerator="cpu",
        callbacks=[losses],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(task, train_dataloaders=data().train_dataloader())
    tested = trainer.test(task, data().test_dataloader(), verbose=False)[0]

    steps = []

    def loss(scores, targets):
        value = nn.functional.cross_entropy(scores, targets)
        steps.append(value.item())
        return value

    optimizer = torch.optim.SGD(plain.parameters(), 0.1, momentum=0.9)
    # Lightning tells only a sampler of PyTorch which epoch it is; here both train on epoch 0's.
    for _ in range(EPOCHS):
        train_epoch(plain, loss, optimizer, data().train_dataloader())
    assert steps == losses.values
    result = evaluate(plain, nn.CrossEntropyLoss(), data().test_dataloader())
    assert result.loss == pytest.approx(tested["test/loss"], rel=1e-6)
    for ours, theirs in zip(plain.parameters(), network.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_results_are_means_over_samples_whatever_the_batches():
    network = nn.Linear(4, 3)
    inputs, targets = torch.randn(10, 4), torch.randint(3, (10,))
    whole = evaluate(network, nn.CrossEntropyLoss(), [(inputs, targets)])
    parts = [(inputs[:7], targets[:7]), (inputs[7:], targets[7:])]
    split = evaluate(network, nn.CrossEntropyLoss(), parts)
    assert split.loss == pytest.approx(whole.loss)
    assert split.accuracy == whole.accuracy
    expected = (network(inputs).argmax(dim=1) == targets).float().mean().item()
    assert whole.accuracy == pytest.approx(expected)


def test_testing_changes_nothing_and_training_does():
    network = nn.Sequential(nn.Linear(4, 3, bias=False), nn.BatchNorm1d(3), nn.Dropout(0.5))
    batches = [(torch.randn(10, 4), torch.randint(3, (10,)))]
    before = copy.deepcopy(network.state_dict())
    first = evaluate(network, nn.CrossEntropyLoss(), batches)
    assert evaluate(network, nn.CrossEntropyLoss(), batches) == first  # no dropout
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    optimizer = torch.optim.SGD(network.parameters(), 0.1)
    train_epoch(network, nn.CrossEntropyLoss(), optimizer, batches)
    changed = [not torch.equal(v, before[name]) for name, v in network.state_dict().items()]
    assert all(changed)
