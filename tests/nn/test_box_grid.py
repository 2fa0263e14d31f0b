"""Boxes as numbers of the cells of a grid."""

import pytest
import torch

from phytotron.nn.box_grid import BoxGrid, normalised

pytestmark = pytest.mark.catalogue("H06", "H08")

ANCHORS = [[[10.0, 20.0], [20.0, 10.0]]]


def box(x, y, width, height):
    """Left, top, right, bottom of a centre and a size."""
    return torch.tensor([[x - width / 2, y - height / 2, x + width / 2, y + height / 2]])


def test_a_box_is_encoded_as_in_vasilev_2023():
    # ch. 5, catalogue H06: centre (40, 70) and size 80 x 50 in an image of 100 x 100
    found = normalised(box(40.0, 70.0, 80.0, 50.0), 100, 100)
    torch.testing.assert_close(found, torch.tensor([[0.4, 0.7, 0.8, 0.5]]))


def test_the_number_of_places():
    # Vasilev 2023, ch. 5, catalogue H08: a 3 x 3 grid with two anchors has 18 boxes, with 3
    # classes 3 x 3 x 16 numbers
    assert len(BoxGrid(99, 99, [33], ANCHORS)) == 18


def test_the_cell_of_the_centre_is_responsible():
    grid = BoxGrid(48, 64, [16])  # 3 rows of 4
    assert grid.places(box(33.0, 31.9, 20.0, 4.0)).tolist() == [1 * 4 + 2]
    assert grid.places(box(63.9, 47.9, 0.2, 0.2)).tolist() == [2 * 4 + 3]


def test_an_object_goes_to_the_anchor_that_is_most_like_it():
    grid = BoxGrid(32, 32, [16], ANCHORS)  # 2 x 2 cells with two places each
    assert grid.places(box(20.0, 10.0, 8.0, 22.0)).tolist() == [2]
    assert grid.places(box(20.0, 10.0, 22.0, 8.0)).tolist() == [3]


def test_large_objects_go_to_the_grid_of_large_cells():
    grid = BoxGrid(32, 32, [16, 8], [[[20, 20], [30, 30]], [[5, 5], [8, 8]]])
    first_of_the_small = 2 * 2 * 2
    assert grid.places(box(20.0, 20.0, 28.0, 28.0)).tolist() == [3 * 2 + 1]
    assert grid.places(box(20.0, 20.0, 5.0, 5.0)).tolist() == [first_of_the_small + (2 * 4 + 2) * 2]


@pytest.mark.parametrize("anchors", [None, [[[10, 20], [20, 10]], [[4, 8], [8, 4]]]])
def test_decoding_gives_back_what_was_encoded(anchors):
    torch.manual_seed(0)
    corners = torch.rand(50, 2) * 40
    boxes = torch.cat([corners, corners + 2 + torch.rand(50, 2) * 20], 1)
    grid = BoxGrid(64, 64, [16, 8], anchors)
    places = grid.places(boxes)
    numbers = torch.full((50, len(grid), 4), 0.5)
    numbers[torch.arange(50), places] = grid.encode(boxes, places)
    found = grid.decode(numbers)[torch.arange(50), places]
    torch.testing.assert_close(found, boxes)
