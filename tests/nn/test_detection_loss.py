"""The loss of a grid detector against the sums that it stands for."""

import pytest
import torch
import torch.nn.functional as F

from phytotron.nn.box_grid import BoxGrid
from phytotron.nn.detection_loss import DetectionLoss

GRID = BoxGrid(32, 32, [16])  # four places
BOXES = torch.tensor([[[2.0, 4.0, 10.0, 12.0], [0.0] * 4], [[0.0] * 4, [18.0, 20.0, 30.0, 28.0]]])
CLASSES = torch.tensor([[1, -1], [-1, 2]])  # one object in each image, in places 0 and 3


def raw():
    return torch.randn(2, 4, 5 + 3, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", ["squared_error", "cross_entropy"])
def test_it_is_the_sum_of_errors_of_box_objectness_and_class(kind):
    given = raw()
    expected = 0.0
    for image, (place, box, label) in enumerate([(0, BOXES[0, 0], 1), (3, BOXES[1, 1], 2)]):
        one = given[image]
        wanted = GRID.encode(box, torch.tensor(place))
        expected += 5 * (one[place, :4].sigmoid() - wanted).square().sum()
        for other in range(4):
            truth = torch.tensor(float(other == place))
            if kind == "squared_error":
                error = (one[other, 4].sigmoid() - truth) ** 2
            else:
                error = F.binary_cross_entropy_with_logits(one[other, 4], truth)
            expected += error * (1 if other == place else 0.5)
        probabilities = one[place, 5:].softmax(0)
        if kind == "squared_error":
            expected += (probabilities - F.one_hot(torch.tensor(label), 3)).square().sum()
        else:
            expected += -probabilities[label].log()
    loss = DetectionLoss(kind, box_weight=5.0, empty_weight=0.5)
    torch.testing.assert_close(loss(given, GRID, BOXES, CLASSES), expected / 2)


def test_images_without_objects_train_objectness_alone():
    given = raw().requires_grad_()
    nothing = torch.full_like(CLASSES, -1)
    DetectionLoss()(given, GRID, torch.zeros_like(BOXES), nothing).backward()
    assert given.grad[..., 4].all()
    assert not given.grad[..., :4].any()
    assert not given.grad[..., 5:].any()


def test_an_unknown_kind_is_answered():
    with pytest.raises(ValueError, match="unknown kind 'l1'"):
        DetectionLoss("l1")
