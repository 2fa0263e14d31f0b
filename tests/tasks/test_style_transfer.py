"""Style transfer: the pixels are the parameters."""

import pytest
import torch

from phytotron.config.compose import compose_experiment
from phytotron.config.stage import plain
from phytotron.errors import UserError
from phytotron.models.style.canvas import Canvas
from phytotron.training.build import build_data, build_network, build_task
from phytotron.training.trainer import build_trainer


def built(*overrides):
    torch.manual_seed(0)
    tiny = ["data.tiny=true", *overrides]
    config = plain(compose_experiment("style/neural_style_transfer", tiny).config)
    data = build_data(config)
    network = build_network(config, data)
    return config, data, network, build_task(config, network, data)


def test_a_copy_of_the_content_differs_in_style_alone():
    _, data, network, task = built("model.start=content")
    assert torch.equal(network(), data.train.content)
    content, style = task.costs(network())
    assert content == 0
    assert style > 0


def test_the_style_itself_differs_in_content_alone():
    _, data, _, task = built()
    content, style = task.costs(data.train.style)
    assert content > 0
    assert style == pytest.approx(0, abs=1e-6 * content.item())


def test_only_pixels_are_trained_and_they_stay_colours(tmp_path):
    config, data, network, task = built("optimizer.lr=0.3", "trainer.max_epochs=5")
    assert [name for name, _ in task.named_parameters()] == ["network.pixels"]
    build_trainer(config["trainer"], [], tmp_path).fit(task, data)
    image = network()
    assert image.aminmax() == (0, 1)  # without a limit, such steps leave the range
    before, after = (sum(task.costs(one)) for one in (network.start, image))
    (found,) = build_trainer(config["trainer"], [], tmp_path).test(task, data, verbose=False)
    assert found["test/loss_ratio"] == pytest.approx((after / before).item())
    assert after < before


def test_an_unknown_start_is_answered():
    with pytest.raises(UserError, match="unknown start 'white'"):
        Canvas(content=torch.zeros(3, 4, 4), start="white")
