"""Figures that show images with what was found in them."""

from types import SimpleNamespace

import torch
from matplotlib.colors import same_color
from torch import nn

from phytotron.data.arrays import ArrayDataModule
from phytotron.data.scenes import Scenes
from phytotron.figures.common import image_predictions
from phytotron.figures.detection import detections
from phytotron.figures.theme import ORANGE


class SaysBrightness(nn.Module):
    """Class 1 for bright images, 0 for dark ones."""

    def forward(self, images):
        mean = images.mean((1, 2, 3))
        return torch.stack([0.5 - mean, mean - 0.5], 1)


def test_each_image_has_its_class_and_a_mistake_the_right_one_too():
    images = torch.tensor([0.0, 1.0, 1.0]).view(3, 1, 1, 1).expand(3, 3, 4, 4).contiguous()
    samples = (images, torch.tensor([0, 1, 0]))
    data = ArrayDataModule(samples, samples, batch_size=1, seed=0, class_names=["dark", "bright"])
    figure = image_predictions.draw(SimpleNamespace(model=SaysBrightness(), data=data))
    shown = [axes for axes in figure.axes if axes.images]
    assert [axes.get_title() for axes in shown] == ["dark", "bright", "bright\n(dark)"]
    wrong = [same_color(axes.title.get_color(), ORANGE) for axes in shown]
    assert wrong == [False, False, True]
    for axes, image in zip(shown, images, strict=True):
        assert axes.images[0].get_array().min() == image.min()


def test_each_scene_has_its_boxes_and_those_that_were_found():
    boxes = torch.tensor([[[2.0, 4.0, 10.0, 12.0], [0.0] * 4]])
    scenes = Scenes(torch.rand(15, 3, 16, 16), boxes.repeat(15, 1, 1), torch.tensor([[2, -1]] * 15))
    found = {
        "boxes": torch.tensor([[3.0, 4.0, 10.0, 13.0], [0.0, 0.0, 5.0, 5.0]]),
        "scores": torch.tensor([0.9, 0.1]),  # the second one is not worth showing
        "labels": torch.tensor([2, 1]),
    }
    data = SimpleNamespace(test=scenes, dimensions={"num_classes": 3})
    task = SimpleNamespace(detect=lambda images: [found] * len(images))
    figure = detections.draw(SimpleNamespace(task=task, data=data))
    assert len(figure.axes) == 15
    for axes in figure.axes:
        corners = [(patch.get_x(), patch.get_y(), patch.get_width()) for patch in axes.patches]
        assert corners == [(1.5, 3.5, 8), (2.5, 3.5, 7)]
        assert [text.get_text() for text in axes.texts] == ["2 0.90"]
