"""Attention pooling against the formula, one sequence and one state at a time."""

import torch

from phytotron.nn.attention_pooling import AttentionPooling


def test_it_equals_a_loop_over_the_paper_s_equations():
    torch.manual_seed(0)
    pooling = AttentionPooling(channels=6, hidden=4)
    states = torch.randn(3, 5, 6)
    lengths = [5, 2, 1]
    mask = torch.arange(5) < torch.tensor(lengths)[:, None]
    pooled = pooling(states, mask)
    for row, length in enumerate(lengths):
        scores = []
        for t in range(length):
            u = torch.tanh(pooling.project.weight @ states[row, t] + pooling.project.bias)
            scores.append((pooling.score.weight[0] @ u).exp())
        expected = sum(s / sum(scores) * states[row, t] for t, s in enumerate(scores))
        torch.testing.assert_close(pooled[row], expected)


def test_what_stands_in_the_padding_does_not_matter():
    pooling = AttentionPooling(channels=6, hidden=4)
    states = torch.randn(2, 5, 6)
    mask = torch.tensor([[True, True, False, False, False], [True] * 5])
    changed = states.clone()
    changed[0, 2:] = 1e3
    assert torch.equal(pooling(states, mask), pooling(changed, mask))
