"""Each normalisation is its formula; the cross-batch ones are batch norm where they should be."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from phytotron.config.components import component_names
from phytotron.nn.cross_batch_norm import CrossBatchNorm, CrossMiniBatchNorm

pytestmark = [
    pytest.mark.usefixtures("exact"),
    pytest.mark.catalogue("D38", "D39", "D40", "D41", "D41b"),
]

SHAPES = {0: (6, 8), 1: (6, 8, 5), 2: (6, 8, 5, 4)}
ALL = ["batch_norm", "batch_norm_keras", "layer_norm", "rms_norm", "group_norm", "instance_norm"]
CROSS = ["cross_batch_norm", "cross_mini_batch_norm"]


def samples(spatial: int) -> torch.Tensor:
    torch.manual_seed(spatial)
    return 3 + 2 * torch.randn(SHAPES[spatial])


def test_every_normalization_is_tested(at_the_root):
    assert set(component_names("normalization")) == {*ALL, *CROSS}


@pytest.mark.parametrize("spatial", SHAPES)
@pytest.mark.parametrize("name", [*ALL, *CROSS])
def test_one_signature_for_all(make, name, spatial):
    if (name, spatial) == ("instance_norm", 0):
        with pytest.raises(ValueError, match="positions"):
            make("normalization", name)(8, spatial)
        return
    norm = make("normalization", name)(8, spatial)
    inputs = samples(spatial)
    assert norm(inputs).shape == inputs.shape
    # Scale and shift begin at 1 and 0, one of each for each feature.
    assert {p.numel() for p in norm.parameters()} == {8}
    norm(inputs).sum().backward()
    assert all(parameter.grad is not None for parameter in norm.parameters())


@pytest.mark.parametrize("spatial", SHAPES)
@pytest.mark.parametrize("name", ["batch_norm", "layer_norm", "rms_norm"])
def test_the_formula(make, name, spatial):
    x = samples(spatial)
    dims = [0, *range(2, x.ndim)] if name == "batch_norm" else [1]
    mean = x.mean(dims, keepdim=True)
    variance = (x - mean).square().mean(dims, keepdim=True)
    if name == "rms_norm":
        expected = x / (x.square().mean(dims, keepdim=True) + 1e-6).sqrt()
    else:
        expected = (x - mean) / (variance + 1e-5).sqrt()
    norm = make("normalization", name)(8, spatial)
    assert_close(norm(x), expected)
    with torch.no_grad():
        for parameter in norm.parameters():
            parameter.fill_(2.0)
    shift = 0.0 if name == "rms_norm" else 2.0
    assert_close(norm(x), 2 * expected + shift)


def test_group_and_instance_norm_are_of_one_sample(make):
    x = samples(2)
    for norm in (
        make("normalization", "group_norm", groups=2)(8, 2),
        make("normalization", "instance_norm")(8, 2),
    ):
        assert_close(norm(x)[:1], norm(x[:1]))
    grouped = make("normalization", "group_norm", groups=2)(8, 2)(x).view(6, 2, -1)
    assert_close(grouped.mean(-1), torch.zeros(6, 2), rtol=0, atol=1e-12)


def test_batch_norm_takes_means_down_the_batch_and_layer_norm_along_the_features(make):
    x = samples(0)
    columns, rows = (make("normalization", name)(8)(x) for name in ("batch_norm", "layer_norm"))
    assert_close(columns.mean(0), torch.zeros(8), rtol=0, atol=1e-12)
    assert_close(rows.mean(1), torch.zeros(6), rtol=0, atol=1e-12)
    assert columns.mean(1).abs().max() > 0.1
    assert rows.mean(0).abs().max() > 0.1


@pytest.mark.parametrize(("name", "momentum"), [("batch_norm", 0.1), ("batch_norm_keras", 0.01)])
def test_running_statistics_are_not_learned_but_followed(make, name, momentum):
    norm, x = make("normalization", name)(8), samples(0)
    norm(x)
    assert_close(norm.running_mean, momentum * x.mean(0))
    assert_close(norm.running_var, (1 - momentum) + momentum * x.var(0, correction=1))
    assert not any(name.startswith("running") for name, _ in norm.named_parameters())
    norm.eval()
    eps = {"batch_norm": 1e-5, "batch_norm_keras": 1e-3}[name]
    assert_close(norm(x), (x - norm.running_mean) / (norm.running_var + eps).sqrt())


def test_the_bias_before_a_batch_norm_is_without_effect(make):
    layer, norm, x = nn.Linear(8, 8), make("normalization", "batch_norm")(8), samples(0)
    before = norm(layer(x))
    with torch.no_grad():
        layer.bias.add_(5)
    assert_close(norm(layer(x)), before)


# --- across batches ----------------------------------------------------------------------------


def pair(make, name: str, spatial: int, **changes) -> tuple[nn.Module, nn.Module]:
    """A layer with the normalisation, and the same with batch normalisation."""
    torch.manual_seed(1)
    layers = (nn.Linear(8, 8), nn.Conv1d(8, 8, 3), nn.Conv2d(8, 8, 3))
    other = make("normalization", name, **changes)(8, spatial)
    own = nn.Sequential(layers[spatial], other)
    torch.manual_seed(1)
    layers = (nn.Linear(8, 8), nn.Conv1d(8, 8, 3), nn.Conv2d(8, 8, 3))
    return own, nn.Sequential(layers[spatial], make("normalization", "batch_norm")(8, spatial))


@pytest.mark.parametrize("spatial", SHAPES)
@pytest.mark.parametrize(
    ("name", "one"), [("cross_batch_norm", "window"), ("cross_mini_batch_norm", "mini_batches")]
)
def test_over_one_batch_it_is_batch_norm(make, name, one, spatial):
    own, batch = pair(make, name, spatial, **{one: 1})
    steps = [torch.optim.SGD(network.parameters(), 0.1) for network in (own, batch)]
    for seed in range(4):
        x = samples(spatial) + seed
        outputs = [network(x) for network in (own, batch)]
        assert_close(*outputs)
        for output, optimizer in zip(outputs, steps, strict=True):
            optimizer.zero_grad()
            output.sin().sum().backward()
            optimizer.step()
    for mine, theirs in zip(own.parameters(), batch.parameters(), strict=True):
        assert_close(mine, theirs)
    assert_close(own[1].running_var, batch[1].running_var)
    assert_close(own.eval()(x), batch.eval()(x))


def batches(count: int) -> list[torch.Tensor]:
    torch.manual_seed(3)
    return [torch.randn(4, 5) * (1 + i) + i for i in range(count)]


@pytest.mark.parametrize("name", CROSS)
def test_with_weights_that_stay_it_is_batch_norm_over_all_the_batches(make, name):
    size = {"cross_batch_norm": "window", "cross_mini_batch_norm": "mini_batches"}[name]
    layer = nn.Linear(5, 3)
    norm = make("normalization", name, **{size: 3})(3)
    parts = batches(3)
    for part in parts:
        output = norm(layer(part))
    whole = make("normalization", "batch_norm")(3)(layer(torch.cat(parts)))
    assert_close(output, whole[-4:])


def test_old_means_are_those_that_the_new_weights_would_give():
    """The mean is linear in the weights, so the Taylor series of first order is exact for it."""
    layer, norm = nn.Linear(5, 3, bias=False), CrossBatchNorm(3, window=2, momentum=0.1, eps=0.0)
    first, second = batches(2)
    norm(layer(first))
    with torch.no_grad():
        layer.weight.add_(torch.randn(3, 5))
    mean, _, count = norm.statistics(layer(second))
    assert_close(mean, (layer(first).mean(0) + layer(second).mean(0)) / 2)
    assert count == 8


def test_old_mean_squares_follow_the_weights_to_first_order():
    layer = nn.Conv2d(2, 3, 3)
    first, second = torch.randn(2, 2, 2, 6, 6)
    change = torch.randn(3, 2, 3, 3)

    def error(size: float) -> float:
        """How far the variance over two batches is from what the new weights would give."""
        norm = CrossBatchNorm(3, window=2, momentum=0.1, eps=0.0)
        moved = nn.Conv2d(2, 3, 3)
        moved.load_state_dict(layer.state_dict())
        norm(moved(first))
        with torch.no_grad():
            moved.weight.add_(size * change)
        _, variance, _ = norm.statistics(moved(second))
        both = moved(torch.cat([first, second]))
        return float((variance - both.var((0, 2, 3), correction=0)).detach().abs().max())

    # What a series of first order leaves out is of second order: ten times closer, 100 times less.
    assert error(1e-3) / error(1e-4) == pytest.approx(100, rel=0.05)


def test_below_no_layer_old_statistics_are_used_as_they_were():
    norm = CrossBatchNorm(3, window=2, momentum=0.1, eps=0.0)
    first, second = torch.randn(2, 4, 3)
    norm(first)
    mean, variance, _ = norm.statistics(second)
    both = torch.cat([first, second])
    assert_close(mean, both.mean(0))
    assert_close(variance, both.var(0, correction=0))


def test_the_window_is_a_part_of_the_state():
    """Saved and loaded in the middle of the window, it continues as it would have."""
    layer = nn.Linear(5, 3)
    parts = batches(5)
    norm = CrossBatchNorm(3, window=3, momentum=0.1, eps=1e-5)
    for part in parts[:4]:
        norm(layer(part))
    other = CrossBatchNorm(3, window=3, momentum=0.1, eps=1e-5)
    other.load_state_dict(norm.state_dict())
    assert torch.equal(other(layer(parts[4])), norm(layer(parts[4])))


def test_gradients_reach_the_layer_below_and_are_those_of_the_current_batch():
    layer, norm = nn.Linear(5, 3), CrossBatchNorm(3, window=4, momentum=0.1, eps=1e-5)
    for part in batches(3):
        layer.zero_grad()
        norm(layer(part)).square().sum().backward()
        assert layer.weight.grad.abs().sum() > 0


def test_mini_batches_begin_anew_with_each_update():
    norm = CrossMiniBatchNorm(5, mini_batches=2, momentum=0.1, eps=1e-5)
    parts = batches(3)
    outputs = [norm(part) for part in parts]
    assert_close(outputs[2], nn.BatchNorm1d(5)(parts[2]))
    assert_close(outputs[1], nn.BatchNorm1d(5)(torch.cat(parts[:2]))[4:])


@pytest.mark.parametrize("wrong", [CrossBatchNorm, CrossMiniBatchNorm])
def test_less_than_one_batch_is_refused(wrong):
    size = {CrossBatchNorm: "window", CrossMiniBatchNorm: "mini_batches"}[wrong]
    with pytest.raises(ValueError, match="at least 1"):
        wrong(3, momentum=0.1, eps=1e-5, **{size: 0})
