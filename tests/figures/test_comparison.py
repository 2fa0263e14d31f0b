"""Experiments side by side: which mark is where, and whose it is."""

from __future__ import annotations

from phytotron.figures.comparison import Interval, dots_figure, history_figure, intervals_figure
from phytotron.figures.theme import PRINT, SLOT_MARKERS


def test_an_interval_is_a_line_and_its_value_a_mark() -> None:
    rows = [Interval("a", 1, 0.5, 0.4, 0.7), Interval("b", 0, 0.3), Interval("c", 2, None)]
    (axes,) = intervals_figure(rows, "macro-F1", 0.3).axes
    reference, interval, first, second = axes.lines
    assert reference.get_xdata() == [0.3, 0.3]
    assert interval.get_xydata().tolist() == [[0.4, 0], [0.7, 0]]
    assert [mark.get_xydata().tolist() for mark in (first, second)] == [[[0.5, 0]], [[0.3, 1]]]
    assert [mark.get_marker() for mark in (first, second)] == [SLOT_MARKERS[1], SLOT_MARKERS[0]]
    assert [mark.get_color() for mark in (first, second)] == [PRINT.series[1], PRINT.series[0]]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "c"]
    assert axes.get_ylim() == (2.5, -0.5)  # the first on top
    assert axes.get_xlabel() == "macro-F1"


def test_each_class_has_a_mark_for_each_experiment() -> None:
    rows = {"x": {"a": 0.5, "b": 0.75}, "y": {"a": None, "b": 0.25}}
    figure = dots_figure(rows, {"b": 1, "a": 0}, "F1")
    (axes,) = figure.axes
    x_range, y_range, a, b = axes.lines
    assert x_range.get_xydata().tolist() == [[0.5, 0], [0.75, 0]]
    assert y_range.get_xydata().tolist() == [[0.25, 1], [0.25, 1]]
    assert a.get_xydata().tolist() == [[0.5, 0]]
    assert b.get_xydata().tolist() == [[0.75, 0], [0.25, 1]]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["b", "a"]
    assert (axes.get_xlim(), axes.get_xlabel()) == ((0, 1), "F1")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["x", "y"]


def test_training_is_dashed_and_validation_solid() -> None:
    columns = {"train_loss": [(0, 2.0), (1, 1.0)], "val_loss": [(0, 3.0), (1, 2.5)]}
    (axes,) = history_figure("loss", columns).axes
    train, validation = axes.lines
    assert train.get_xydata().tolist() == [[0, 2], [1, 1]]
    assert validation.get_xydata().tolist() == [[0, 3], [1, 2.5]]
    assert [line.get_linestyle() for line in axes.lines] == ["--", "-"]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["training", "validation"]
    assert (axes.get_title(loc="left"), axes.get_xlabel()) == ("loss", "epoch")


def test_many_points_have_no_marks() -> None:
    (axes,) = history_figure("loss", {"val_loss": [(n, n) for n in range(99)]}).axes
    assert axes.lines[0].get_marker() == "None"
