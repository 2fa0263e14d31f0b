"""Random changes of images."""

import torch

from phytotron.nn.augmentation import RandomFlips

IMAGES = torch.arange(2000 * 3 * 4 * 5, dtype=torch.float32).view(2000, 3, 4, 5)


def turned(made, *dimensions):
    """Which of the images came out as if turned round along these dimensions."""
    flipped = IMAGES.flip(dimensions) if dimensions else IMAGES
    return (made == flipped).flatten(1).all(1)


def test_each_image_is_thrown_for_by_itself():
    torch.manual_seed(0)
    made = RandomFlips(horizontal=0.5, vertical=0.2)(IMAGES)
    both = turned(made, -1, -2)
    horizontal, vertical = turned(made, -1) | both, turned(made, -2) | both
    assert (turned(made) | horizontal | vertical).all()
    assert abs(horizontal.float().mean() - 0.5) < 0.05  # four standard deviations
    assert abs(vertical.float().mean() - 0.2) < 0.04
    assert abs(both.float().mean() - 0.1) < 0.03


def test_certain_and_impossible_flips():
    assert turned(RandomFlips(horizontal=1.0, vertical=0.0)(IMAGES), -1).all()
    assert turned(RandomFlips(horizontal=0.0, vertical=0.0)(IMAGES)).all()
