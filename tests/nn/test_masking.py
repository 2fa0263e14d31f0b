"""Padding must be invisible."""

import torch

from phytotron.nn.masking import masked_max, masked_mean, token_mask

TOKENS = torch.tensor([[3, 4, 0, 0], [5, 6, 7, 8]])


def test_the_mask_is_true_where_a_token_is():
    assert token_mask(TOKENS).tolist() == [[True, True, False, False], [True] * 4]


def test_maximum_and_mean_leave_the_padding_out():
    values = -1 - torch.rand(2, 4, 3)
    values[0, 2:] = 1e6
    mask = token_mask(TOKENS)
    for pooled, reference in ((masked_max, torch.amax), (masked_mean, torch.mean)):
        result = pooled(values, mask)
        assert torch.equal(result[0], reference(values[0, :2], dim=0))
        assert torch.allclose(result[1], reference(values[1], dim=0))
