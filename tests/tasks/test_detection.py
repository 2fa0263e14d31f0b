"""Objects that are found in images, and how detection is measured."""

import pytest
import torch
from torch import nn

from phytotron.data.scenes import Scenes
from phytotron.nn.box_grid import BoxGrid
from phytotron.nn.detection_loss import DetectionLoss
from phytotron.tasks.detection import Detection

GRID = BoxGrid(32, 32, [8])
BOXES = torch.tensor(
    [[[2.0, 4.0, 10.0, 12.0], [20.0, 3.0, 30.0, 23.0]], [[9.0, 9.0, 16.0, 30.0], [0.0] * 4]]
)
CLASSES = torch.tensor([[1, 2], [0, -1]])
BATCH = Scenes(torch.zeros(2, 3, 32, 32), BOXES, CLASSES)


class Says(nn.Module):
    """Gives the same numbers whatever it sees."""

    grid = GRID

    def __init__(self, raw):
        super().__init__()
        self.raw = nn.Parameter(raw)

    def forward(self, images):
        return self.raw


def right():
    """What a network says that finds each object, and is sure of it."""
    raw = torch.zeros(2, len(GRID), 5 + 3)
    raw[..., 4] = -10
    for image, number in (CLASSES >= 0).nonzero():
        box = BOXES[image, number]
        place = GRID.places(box)
        raw[image, place, :4] = GRID.encode(box, place).logit()
        raw[image, place, 4] = 10
        raw[image, place, 5 + CLASSES[image, number]] = 10
    return raw


def task(raw):
    made = Detection(
        Says(raw), optimizer={}, loss=DetectionLoss(), least_score=0.05, most_overlap=0.5
    )
    return made.eval()


def measured(raw):
    made = task(raw)
    made.validation_step(BATCH, 0)
    return made.validation_metrics()


def test_what_is_right_is_found_and_counts_as_such():
    first, second = task(right()).detect(BATCH.images)
    order = first["labels"].argsort()
    torch.testing.assert_close(first["boxes"][order], BOXES[0], atol=1e-4, rtol=0)
    torch.testing.assert_close(second["boxes"], BOXES[1, :1], atol=1e-4, rtol=0)
    assert second["labels"].tolist() == [0]
    values = measured(right())
    assert values["val_map50"] == values["val_map"] == 1
    assert values["val_loss"] < 0.1


def test_the_right_box_of_a_wrong_class_does_not_count():
    wrong = right()
    wrong[..., 5:] = wrong[..., 5:].roll(1, -1)
    assert measured(wrong)["val_map50"] == 0


def test_a_box_that_is_a_little_off_counts_for_half_overlap_only():
    shifted = right()
    places = GRID.places(BOXES[1, 0])
    shifted[1, places, :2] = GRID.encode(BOXES[1, 0] + 1.5, places)[:2].logit()
    values = measured(shifted)
    assert values["val_map50"] == 1
    assert values["val_map"] < 0.95


def test_of_boxes_of_a_class_that_overlap_the_surest_one_stays():
    twice = right()
    place = GRID.places(BOXES[0, 1])
    neighbour = place - 1  # the cell to the left says nearly the same box
    twice[0, neighbour] = twice[0, place]
    twice[0, neighbour, :2] = torch.tensor([0.99, 0.6]).logit()
    twice[0, neighbour, 4] = 2
    found = task(twice).detect(BATCH.images)[0]
    assert sorted(found["labels"].tolist()) == [1, 2]
    assert found["scores"].min() > 0.99
    twice[0, neighbour, 5:] = torch.tensor([10.0, 0.0, 0.0])  # of another class it may overlap
    found = task(twice).detect(BATCH.images)[0]
    assert sorted(found["labels"].tolist()) == [0, 1, 2]
    assert found["labels"][-1] == 0  # the least sure comes last
    assert found["scores"][-1] == pytest.approx(0.88, abs=0.01)
