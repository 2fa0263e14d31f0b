"""Content and style of maps."""

import pytest
import torch

from phytotron.nn.style import content_cost, gram, style_cost

pytestmark = pytest.mark.catalogue("I08")

# two channels of 1 x 3 positions
MAPS = torch.tensor([[[[1.0, 2.0, 3.0]], [[0.0, 1.0, -1.0]]]])


def test_gram_is_the_products_of_channels():
    assert gram(MAPS).tolist() == [[[14.0, -1.0], [-1.0, 2.0]]]


def test_where_things_are_does_not_count_for_style():
    assert style_cost(MAPS.flip(-1), gram(MAPS)) == 0
    assert content_cost(MAPS.flip(-1), MAPS) > 0


def test_style_is_the_squared_difference_over_the_size():
    # against zeros: (14² + 1 + 1 + 2²) / (2 * 1 * 3 * 2)²
    torch.testing.assert_close(
        style_cost(MAPS, gram(torch.zeros_like(MAPS))), torch.tensor(202 / 144)
    )


def test_content_is_the_mean_square_or_half_the_sum():
    nothing = torch.zeros_like(MAPS)
    assert content_cost(MAPS, nothing) == 16 / 6
    assert content_cost(MAPS, nothing, half_sum=True) == 8
