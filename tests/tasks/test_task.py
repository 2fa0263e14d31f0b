"""What all tasks share: the mean of the training loss."""

import torch
from torchmetrics import MeanMetric

from phytotron.tasks.task import MeanLoss


def test_it_is_torchmetrics_mean_bit_for_bit():
    ours, theirs = MeanLoss(), MeanMetric()
    for _ in range(2):
        for loss in torch.rand(1000).unbind():
            ours.update(loss)
            theirs.update(loss)
        assert torch.equal(ours.compute(), theirs.compute())
        ours.reset()
        theirs.reset()


def test_it_keeps_no_graph():
    mean = MeanLoss()
    mean.update(torch.rand((), requires_grad=True) * 2)
    assert not mean.compute().requires_grad
