import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.report.charts import (
    Series,
    dots_strip,
    interval_strip,
    line_chart,
    reliability_chart,
    strip_axis,
)
from phytotron.report.svg import drawable, scale_for

values = st.one_of(st.none(), st.floats())
texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
histories = st.lists(
    st.tuples(st.one_of(st.none(), st.integers(0, 500), st.floats()), values), max_size=12
)


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def coordinates(root: ElementTree.Element) -> tuple[list[float], list[float]]:
    """All x and all y that a chart with a view box uses."""
    xs, ys = [], []
    for element in root.iter():
        for name, value in element.attrib.items():
            if name in ("x", "x1", "x2", "cx"):
                xs.append(float(value))
            elif name in ("y", "y1", "y2", "cy"):
                ys.append(float(value))
        for point in element.get("points", "").split():
            x, y = point.split(",")
            xs.append(float(x))
            ys.append(float(y))
    return xs, ys


def chart_of(series: list[Series]) -> ElementTree.Element:
    return parsed(line_chart(series, title="t", description="d", width=300, height=200))


@given(st.lists(st.tuples(texts, histories), max_size=4))
def test_every_part_of_a_line_chart_is_inside_it(lines) -> None:
    root = chart_of([Series(name, slot, points) for slot, (name, points) in enumerate(lines)])
    xs, ys = coordinates(root)
    assert all(0 <= x <= 300 for x in xs)
    assert all(0 <= y <= 200 for y in ys)


@given(histories)
def test_a_line_chart_has_a_mark_for_each_known_point(points) -> None:
    known = [point for point in points if all(drawable(each) for each in point)]
    assert len(chart_of([Series("a", 3, points)]).findall("use")) == len(known)


@pytest.mark.parametrize("points", [[], [(0, None)], [(None, 1.0)], [(1, float("nan"))]])
def test_a_chart_without_values_says_so(points) -> None:
    assert "no values" in "".join(chart_of([Series("a", 0, points)]).itertext())


def test_one_point_is_a_level_across_the_chart() -> None:
    root = chart_of([Series("a", 0, [(0, 0.5)]), Series("b", 1, [(0, 0.3), (4, 0.7)])])
    level = root.find("line[@class='line solid slot-0 level']")
    assert level is not None
    assert level.attrib["y1"] == level.attrib["y2"]
    assert float(level.attrib["x2"]) - float(level.attrib["x1"]) > 200


def test_the_best_epoch_is_ringed_not_the_last() -> None:
    root = chart_of([Series("a", 1, [(0, 0.1), (1, 0.9), (2, 0.8)], best=1)])
    (ring,) = root.findall("circle")
    marks = root.findall("use")
    assert (ring.attrib["cx"], ring.attrib["cy"]) == (marks[1].attrib["x"], marks[1].attrib["y"])


def test_epochs_are_whole_numbers() -> None:
    root = chart_of([Series("a", 1, [(0, 0.1), (1, 0.9)])])
    labels = [text.text or "" for text in root.findall("text")]
    assert {"0", "1"} <= set(labels)
    assert not any(re.fullmatch(r"0\.\d+", label) and float(label) > 1 for label in labels)


@given(values, values, values, values)
def test_an_interval_is_inside_its_strip(low, value, high, reference) -> None:
    scale = scale_for([low, value, high], 0.03, 0.97)
    strip = interval_strip(scale, 2, value, low, high, reference=reference, label="f1 <&>")
    for element in parsed(strip).iter():
        for name in ("x", "x1", "x2"):
            if name in element.attrib:
                assert 0 <= float(element.attrib[name].removesuffix("%")) <= 100


@given(st.lists(st.tuples(st.integers(0, 8), values, texts), max_size=6))
def test_dots_are_inside_their_strip_each_with_its_name(dots) -> None:
    scale = scale_for([0, 1], 0.03, 0.97)
    root = parsed(dots_strip(scale, 5, dots, "label"))
    known = [dot for dot in dots if drawable(dot[1])]
    marks = root.findall("use")
    assert [mark.findtext("title") or "" for mark in marks if len(mark)] == [
        title for _, _, title in known if title
    ]
    assert all(3 <= float(mark.attrib["x"].removesuffix("%")) <= 97 for mark in marks)


@given(st.lists(values))
def test_an_axis_has_its_numbers_above_the_strips(data) -> None:
    root = parsed(strip_axis(scale_for(data, 0.03, 0.97), 4))
    places = [float(text.attrib["x"].removesuffix("%")) for text in root.findall("text")]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)


@given(st.lists(st.tuples(values, values, st.integers(0, 10**9)), max_size=15))
def test_reliability_dots_are_inside_the_unit_square(bins) -> None:
    root = parsed(reliability_chart(bins, 1, title="t", label="l"))
    for dot in root.findall("circle"):
        assert 42 <= float(dot.attrib["cx"]) <= 250
        assert 10 <= float(dot.attrib["cy"]) <= 220
        assert 0 < float(dot.attrib["r"]) <= 7


def test_a_chart_is_named_and_described_for_screen_readers() -> None:
    root = parsed(line_chart([], title="Loss of <x>", description="a & b", width=300, height=200))
    assert root.attrib["role"] == "img"
    assert (root.findtext("title"), root.findtext("desc")) == ("Loss of <x>", "a & b")
