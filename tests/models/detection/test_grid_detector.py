"""The grid detector, with one grid and with several."""

import torch

from phytotron.models.detection.grid_detector import GridDetector

CHANNELS = [[4], [6], [8], [10, 10]]


def detector(**options):
    torch.manual_seed(0)
    return GridDetector(input_shape=(3, 32, 48), num_classes=3, channels=CHANNELS, **options)


def test_it_gives_each_cell_s_numbers():
    made = detector(levels=[3])
    assert made(torch.rand(2, 3, 32, 48)).shape == (2, 4 * 6, 5 + 3)
    assert len(made.grid) == 4 * 6


def test_anchors_multiply_the_places():
    made = detector(levels=[3], anchors=[[[4, 4], [8, 8], [16, 16]]])
    assert made(torch.rand(2, 3, 32, 48)).shape == (2, 4 * 6 * 3, 5 + 3)


def test_each_grid_s_numbers_stand_where_the_grid_says():
    # A pixel changes only the numbers of the places whose receptive field has it.
    made = detector(levels=[1, 3]).eval()
    images = torch.rand(1, 3, 32, 48)
    changed = images.clone()
    changed[..., -1, -1] = 0  # the last pixel
    moved = (made(images) != made(changed)).any(-1)[0]
    assert len(moved) == 4 * 6 + 16 * 24
    deep, fine = moved[: 4 * 6], moved[4 * 6 :]
    assert deep[[0, -1]].tolist() == [False, True]
    assert fine[[0, -1]].tolist() == [False, True]


def test_fine_cells_hear_of_the_deep_ones():
    made = detector(levels=[1, 3])
    made(torch.rand(1, 3, 32, 48))[0, 4 * 6 :].sum().backward()
    assert all(parameter.grad.any() for parameter in made.backbone[3].parameters())
