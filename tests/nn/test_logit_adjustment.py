"""The loss for classes of different frequency."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from phytotron.nn.logit_adjustment import LogitAdjustedCrossEntropy

COUNTS = [100, 10, 1]


@pytest.mark.parametrize("strength", [0.0, 0.5, 1.0])
def test_it_equals_the_formula(strength):
    logits, targets = torch.randn(8, 3), torch.tensor([0, 1, 2, 0, 1, 2, 0, 0])
    prior = np.array(COUNTS) / sum(COUNTS)
    terms = np.exp(logits.numpy()) * prior**strength
    expected = -np.log(terms[range(8), targets.numpy()] / terms.sum(axis=1)).mean()
    loss = LogitAdjustedCrossEntropy(COUNTS, strength)
    assert loss(logits, targets).item() == pytest.approx(expected, rel=1e-5)


def test_without_strength_it_is_the_ordinary_cross_entropy():
    logits, targets = torch.randn(8, 3), torch.randint(0, 3, (8,))
    loss = LogitAdjustedCrossEntropy(COUNTS, label_smoothing=0.1)
    assert torch.equal(loss(logits, targets), F.cross_entropy(logits, targets, label_smoothing=0.1))


def test_at_full_strength_the_bare_logits_forget_the_frequencies():
    """With one feature value for all samples only the prior can be learned, and it is taken off."""
    targets = torch.repeat_interleave(torch.arange(3), torch.tensor(COUNTS))
    bias = torch.zeros(3, requires_grad=True)
    loss = LogitAdjustedCrossEntropy(COUNTS, 1.0)
    loss(bias.expand(len(targets), 3), targets).backward()
    assert bias.grad.abs().max() < 1e-6


def test_a_class_without_samples_keeps_the_loss_finite():
    loss = LogitAdjustedCrossEntropy([10, 0], 1.0)
    assert torch.isfinite(loss(torch.zeros(1, 2), torch.tensor([1])))


def test_the_members_of_an_ensemble_learn_each_by_itself():
    logits, targets = torch.randn(2, 8, 3), torch.randint(0, 3, (8,))
    loss = LogitAdjustedCrossEntropy(COUNTS, 0.5)
    torch.testing.assert_close(
        loss(logits, targets), (loss(logits[0], targets) + loss(logits[1], targets)) / 2
    )
