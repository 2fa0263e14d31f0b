"""Single neurons, the perceptron, and what few of them can do together."""

from itertools import product

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from phytotron.scratch import mcculloch_pitts as gates
from phytotron.scratch.cube import EDGE_POINTS, FRAME, VERTEX_EDGES, sees_cube
from phytotron.scratch.neuron import neuron, numpy_neuron, sigmoid, step
from phytotron.scratch.perceptron import Perceptron, one_pass, predictions
from phytotron.scratch.xor_of_perceptrons import xor

pytestmark = pytest.mark.catalogue("C01", "C05", "C07", "C31")

BOTH = list(product((0, 1), repeat=2))
XOR = np.array(BOTH), np.array([a != b for a, b in BOTH]).astype(int)


def test_a_neuron_fires_from_its_threshold_on():
    assert gates.fires((1, 0, 1), (-1, 1, 2), threshold=2) == 0  # the sum is 1
    assert gates.fires((1, 0, 1), (-1, 1, 2), threshold=1) == 1


def test_one_inhibitory_input_silences_all_excitatory_ones():
    assert gates.fires_unless_inhibited((1, 1, 1), (0, 0), threshold=3) == 1
    assert gates.fires_unless_inhibited((1, 1, 1), (0, 1), threshold=1) == 0


@pytest.mark.parametrize(
    ("gate", "truth"),
    [
        (gates.and_gate, [0, 0, 0, 1]),
        (gates.or_gate, [0, 1, 1, 1]),
        (gates.nand_gate, [1, 1, 1, 0]),
        (gates.nor_gate, [1, 0, 0, 0]),
        (gates.and_not_gate, [0, 0, 1, 0]),
    ],
)
def test_gates_have_their_truth_tables(gate, truth):
    assert [gate(a, b) for a, b in BOTH] == truth


def test_not_gate():
    assert [gates.not_gate(a) for a in (0, 1)] == [1, 0]


@pytest.mark.parametrize("form", [neuron, numpy_neuron])
def test_a_neuron_is_a_weighted_sum_with_an_activation(form):
    arguments = (1, 2, 3), (0.2, 0.8, -0.5), 1
    assert form(*arguments) == pytest.approx(1.3)  # a linear regression
    assert form(*arguments, sigmoid) == pytest.approx(1 / (1 + np.exp(-1.3)))  # a logistic one
    assert form(*arguments, step) == 1  # a perceptron
    assert sigmoid(-1000) == 0
    assert step(0) == 0


def test_the_boundary_is_class_0():
    """w · (1, x) = 0 exactly, for zero weights and for a point on the line x1 = x2."""
    assert predictions(np.zeros(3), [[1, 2]]).tolist() == [0]
    assert predictions(np.array([0.0, 1, -1]), [[2, 2], [3, 2], [2, 3]]).tolist() == [0, 1, 0]


def test_the_rule_adds_missed_samples_and_subtracts_false_alarms():
    steps = list(one_pass(np.array([0.5, 0.0]), [[2.0], [3.0]], [0, 1]))
    assert steps[0].tolist() == [-0.5, -2]  # said 1, should be 0
    assert steps[1].tolist() == [0.5, 1]  # said 0, should be 1


def test_a_perceptron_separates_what_a_line_separates():
    points, classes = make_blobs(200, centers=[[-2, 0], [2, 1]], cluster_std=0.5, random_state=0)
    model = Perceptron(passes=100, order=None, weight_std=1.0, seed=3).fit(points, classes)
    assert model.score(points, classes) == 1
    assert not model.cycles_
    assert model.history_[-1]["train_accuracy"] == 1
    assert len(model.path_) < 100


def test_on_xor_a_perceptron_goes_round_in_circles():
    order = [2, 1, 3, 0]
    points, classes = XOR[0][order], XOR[1][order]
    first = [w.tolist() for w in one_pass(np.zeros(3), points, classes)]
    assert first == [[1, 1, 0], [1, 1, 0], [0, 0, -1], [0, 0, -1]]
    second = [w.tolist() for w in one_pass(np.array([0.0, 0, -1]), points, classes)]
    assert second == [[1, 1, -1], [2, 1, 0], [1, 0, -1], [0, 0, -1]]

    model = Perceptron(passes=50, order=order, weight_std=0, seed=0).fit(*XOR)
    assert model.path_ == [[0, 0, -1]] * 50
    assert model.cycles_
    assert model.score(*XOR) == 0.5


def test_three_perceptrons_compute_xor():
    assert xor(XOR[0]).tolist() == XOR[1].tolist()


def test_the_cube_has_twelve_edges_and_eight_vertices():
    assert EDGE_POINTS.sum(axis=1).tolist() == [3] * 12
    assert VERTEX_EDGES.shape == (8, 12)
    assert VERTEX_EDGES.sum(axis=1).tolist() == [3] * 8
    assert VERTEX_EDGES.sum(axis=0).tolist() == [2] * 12
    assert FRAME.sum() == 20


def test_the_cube_unit_fires_for_the_whole_frame_alone():
    frame = FRAME.astype(int)
    assert sees_cube(frame) == 1
    assert sees_cube(np.ones(27, int)) == 1  # a solid cube has the frame, too
    for point in np.flatnonzero(FRAME):
        broken = np.ones(27, int)
        broken[point] = 0
        assert sees_cube(broken) == 0
    assert sees_cube(np.zeros(27, int)) == 0
