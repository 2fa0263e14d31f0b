"""Attention: weights that sum to 1 and leave padding out, and scores that are their formulas."""

import pytest
import torch

from phytotron.nn.attention import SCORES, AdditiveScore, DotScore, GeneralScore, attend


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def sequences(batch=3, steps=10, source=10, channels=4):
    return torch.randn(batch, steps, channels), torch.randn(batch, source, channels)


@pytest.mark.parametrize("name", SCORES)
def test_ten_words_for_ten_words_take_a_hundred_weights_that_sum_to_one(name):
    queries, keys = sequences()
    scores = SCORES[name](4, 4)(queries, keys)
    context, weights = attend(scores, keys, torch.ones(3, 10, dtype=torch.bool))
    assert weights[0].numel() == 100
    assert context.shape == (3, 10, 4)
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(3, 10))
    torch.testing.assert_close(context, torch.einsum("bts,bsc->btc", weights, keys))


def test_padding_is_invisible():
    queries, keys = sequences()
    mask = torch.arange(10).expand(3, 10) < torch.tensor([[10], [4], [1]])
    context, weights = attend(DotScore(4, 4)(queries, keys), keys, mask)
    assert (weights[~mask.unsqueeze(1).expand_as(weights)] == 0).all()
    keys[1, 4:] = 1e6
    again, _ = attend(DotScore(4, 4)(queries, keys), keys, mask)
    assert torch.equal(again[1], context[1])
    torch.testing.assert_close(context[2], keys[2, :1].expand(10, 4))


def test_general_with_the_identity_is_dot():
    queries, keys = sequences()
    general = GeneralScore(4, 4)
    torch.nn.init.eye_(general.map.weight)
    torch.testing.assert_close(general(queries, keys), DotScore(4, 4)(queries, keys))


def test_the_additive_score_is_its_formula():
    queries, keys = sequences(channels=4)
    score = AdditiveScore(4, 4, hidden=6)
    found = score(queries, keys)
    vector = score.direction.weight[0]
    one = vector @ torch.tanh(
        score.of_key.weight @ keys[1, 7] + score.of_query.weight @ queries[1, 2]
    )
    torch.testing.assert_close(found[1, 2, 7], one)


def test_general_and_additive_compare_what_has_different_sizes_and_dot_does_not():
    queries, keys = torch.randn(2, 3, 4), torch.randn(2, 5, 6)
    for score in (GeneralScore, AdditiveScore):
        assert score(4, 6)(queries, keys).shape == (2, 3, 5)
    with pytest.raises(ValueError, match="dot needs as many"):
        DotScore(4, 6)
