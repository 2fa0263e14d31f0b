from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.text import Annotation

from phytotron.figures.reinforcement import policy


@pytest.fixture
def figure(trained):
    """A map of 2 x 2 in which each state has one best action."""
    letters = np.array([[b"S", b"F"], [b"H", b"G"]])
    environment = SimpleNamespace(unwrapped=SimpleNamespace(desc=letters))
    q = np.array([[0.1, 0.2, 0.7, 0.3], [0.0, 0.9, 0.1, 0.2], [0] * 4, [0] * 4])
    history = [
        {"step": 10, "train_return": 0.25, "epsilon": 1.0},
        {"step": 20, "train_return": 0.75, "epsilon": 0.5},
    ]
    data = SimpleNamespace(make=lambda: nullcontext(environment))
    return policy.draw(trained(SimpleNamespace(q_=q), data=data, history=history))


def test_an_arrow_points_where_the_best_action_leads(figure):
    arrows = [text for text in figure.axes[0].texts if isinstance(text, Annotation)]
    moves = [np.sign(np.subtract(arrow.xy, arrow.xyann)).tolist() for arrow in arrows]
    assert moves == [[1, 0], [0, 1]]  # right from the start, then down (y points down)
    assert [np.round(arrow.xy).tolist() for arrow in arrows] == [[0, 0], [1, 0]]


def test_a_state_has_the_value_of_its_best_action_and_an_end_has_none(figure):
    grid = figure.axes[0]
    values = grid.images[0].get_array()
    assert values.filled(-1).tolist() == [[0.7, 0.9], [-1, -1]]
    letters = {text.get_text(): np.round(text.get_position()).tolist() for text in grid.texts}
    assert (letters["H"], letters["G"], letters["S"]) == ([0, 1], [1, 1], [0, 0])
    assert grid.get_title() == "greedy policy (S start, G goal, H hole)"


def test_the_curve_shows_returns_and_exploration(figure):
    curve = figure.axes[1]
    returns, epsilon = (line.get_xydata().tolist() for line in curve.lines)
    assert returns == [[10, 0.25], [20, 0.75]]
    assert epsilon == [[10, 1], [20, 0.5]]
    assert [text.get_text() for text in curve.get_legend().get_texts()] == [
        "mean return", "epsilon",
    ]  # fmt: skip
    assert (curve.get_xlabel(), curve.get_ylim()) == ("steps", (-0.03, 1.03))
