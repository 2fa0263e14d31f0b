"""The curves of the lessons: data, titles and axes against values computed here."""

from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.colors import to_hex

from phytotron.figures.scratch import (
    box_sums,
    gradient_norms,
    relu_and_softmax,
    sigmoid_shapes,
    silent_units,
    width_error,
)
from phytotron.figures.theme import COLOURS, ORANGE
from phytotron.scratch.boxcar import wave
from phytotron.scratch.width_study import chirp


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_a_box_and_its_sums_with_their_errors(trained):
    study = SimpleNamespace(
        box=lambda: lambda x: (np.abs(x) < 5) * 1.0,
        rows_=[{"boxes": n, "error": 1 / n} for n in (5, 10, 20, 40)],
        approximation=lambda boxes: lambda x: 0 * x + boxes,
    )
    box, *sums = box_sums.draw(trained(study)).axes
    x, y = box.lines[0].get_data()
    assert (x[0], x[-1]) == (-10, 10)
    assert np.array_equal(y, np.abs(x) < 5)
    assert box.get_title() == "two sigmoids: a box"
    assert [axes.get_title() for axes in sums] == [
        "5 boxes: error 0.20", "10 boxes: error 0.10", "20 boxes: error 0.05",
    ]  # fmt: skip
    for axes, boxes in zip(sums, (5, 10, 20), strict=True):
        function, approximation = axes.lines
        assert np.array_equal(function.get_ydata(), wave(x))
        assert (approximation.get_ydata() == boxes).all()
        assert to_hex(approximation.get_color()) == ORANGE.lower()


def test_gradients_by_layer_of_each_activation_and_gain(trained):
    rows = [
        {"activation": name, "gain": gain, "layer": layer, "gradient_norm": gain * scale / layer}
        for name, scale in (("tanh", 1), ("relu", 10))
        for gain in (0.5, 2)
        for layer in (1, 2)
    ]
    study = SimpleNamespace(activations=["tanh", "relu"], rows_=rows, squashed_=[0.9, 0.7])
    tanh, relu, repeated = gradient_norms.draw(trained(study)).axes
    assert [axes.get_title() for axes in (tanh, relu)] == ["tanh", "relu"]
    for axes, scale in ((tanh, 1), (relu, 10)):
        assert [line.get_xydata().tolist() for line in axes.lines] == [
            [[1, 0.5 * scale], [2, 0.25 * scale]],
            [[1, 2 * scale], [2, scale]],
        ]
        assert legend(axes) == ["gain 0.5", "gain 2"]
        assert axes.get_yscale() == "log"
        assert axes.get_xlabel() == "layer (1: next to the inputs)"
    assert tanh.get_ylabel() == "norm of the gradient"
    assert repeated.lines[0].get_xydata().tolist() == [[0, 2], [1, 0.9], [2, 0.7]]
    assert repeated.get_title() == "repeated sigmoid: 0.700"


def test_a_relu_keeps_half_of_a_wave_and_a_softmax_sums_to_one(trained):
    relu, softmax, scaled = relu_and_softmax.draw(trained()).axes
    x = np.linspace(0, 2 * np.pi, 100)
    for axes in (relu, softmax):
        np.testing.assert_allclose(axes.lines[0].get_xydata().T, [x, np.sin(x)])
    np.testing.assert_allclose(relu.lines[1].get_ydata(), np.maximum(0, np.sin(x)))
    found = scaled.lines[0].get_ydata()
    np.testing.assert_allclose(found, np.exp(np.sin(x)) / np.exp(np.sin(x)).sum())
    assert [axes.get_title() for axes in (relu, softmax)] == ["ReLU of sin(x)", "softmax of sin(x)"]


def test_a_sigmoid_for_each_pair_of_weight_and_bias(trained):
    panels = sigmoid_shapes.draw(trained()).axes
    assert [axes.get_title() for axes in panels] == list(sigmoid_shapes.PANELS)
    for axes, units in zip(panels, sigmoid_shapes.PANELS.values(), strict=True):
        assert legend(axes) == [f"w {weight}, b {bias}" for weight, bias in units]
        for line, (weight, bias) in zip(axes.lines, units, strict=True):
            x, y = line.get_data()
            np.testing.assert_allclose(y, (1 + np.tanh((weight * x + bias) / 2)) / 2, atol=1e-12)
        assert (x[0], x[-1]) == (-10, 10)


def test_the_share_of_silent_units_over_the_epochs(trained):
    history = [{"epoch": epoch, "silent_he": 0.1 * epoch, "silent_zero": 1.0} for epoch in range(3)]
    study = SimpleNamespace(rows_=[{"first_weights": "he"}, {"first_weights": "zero"}])
    figure = silent_units.draw(trained(study, history=history))
    (axes,) = figure.axes
    he, zero = (line.get_xydata().tolist() for line in axes.lines)
    assert he == [[0, 0], [1, 0.1], [2, 0.2]]
    assert zero == [[0, 1], [1, 1], [2, 1]]
    (names,) = figure.legends  # beside the axes: the line at 100 % stays visible
    assert [text.get_text() for text in names.get_texts()] == ["he", "zero"]
    assert [to_hex(line.get_color()) for line in axes.lines] == [
        colour.lower() for colour in COLOURS[:2]
    ]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("epoch", "silent units")
    assert axes.yaxis.get_major_formatter()(0.5, 0) == "50%"


def test_the_error_by_width_and_three_of_the_curves(trained):
    widths = (2, 4, 8, 16)
    study = SimpleNamespace(
        rows_=[{"width": width, "error": 1 / width} for width in widths],
        points=5,
        curves_=[np.full(4, width) for width in widths],
    )
    error, *panels = width_error.draw(trained(study)).axes
    assert error.lines[0].get_xydata().tolist() == [[width, 1 / width] for width in widths]
    assert (error.get_xscale(), error.get_yscale()) == ("log", "log")
    assert [label.get_text() for label in error.get_xticklabels()] == list(map(str, widths))
    assert (error.get_xlabel(), error.get_ylabel()) == ("hidden units", "root mean square error")
    assert [axes.get_title() for axes in panels] == ["2 units", "8 units", "16 units"]
    middles = np.array([-0.75, -0.25, 0.25, 0.75])
    for axes, width in zip(panels, (2, 8, 16), strict=True):
        function, found = axes.lines
        assert function.get_xdata() == pytest.approx(middles)
        assert function.get_ydata() == pytest.approx(chirp(middles))
        assert (found.get_ydata() == width).all()
