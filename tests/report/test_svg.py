import math

from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from phytotron.report.svg import Scale, drawable, number, percent, scale_for, tag, tick_label

numbers = st.floats(-1e299, 1e299)
anything = st.one_of(st.none(), st.floats())


def test_a_tag_escapes_text_and_attributes() -> None:
    made = tag("text", "<b> & co", class_="a", data_tip='"><script>', x=1.5, y=None)
    assert made == (
        '<text class="a" data-tip="&#34;&gt;&lt;script&gt;" x="1.5">&lt;b&gt; &amp; co</text>'
    )


def test_a_tag_takes_children_that_are_markup_as_they_are() -> None:
    assert tag("g", tag("line", x1=0), Markup("<a/>")) == '<g><line x1="0"/><a/></g>'


def test_coordinates_are_short() -> None:
    assert [number(value) for value in (1.0, 1.25, 1.239, -0.001, 3)] == [
        "1", "1.25", "1.24", "0", "3",
    ]  # fmt: skip
    assert percent(1 / 3) == "33.33%"


@given(st.lists(anything), st.lists(numbers, max_size=2))
def test_every_drawable_value_has_a_place_on_its_scale(values, include) -> None:
    scale = scale_for(values, 10, 90, include=include)
    assert math.isfinite(scale.low)
    assert scale.low < scale.high
    for value in [*values, *include]:
        if drawable(value):
            assert scale.low <= value <= scale.high
            assert 10 <= scale(value) <= 90


@given(st.lists(numbers, min_size=2))
def test_a_scale_keeps_the_order_of_values(values) -> None:
    scale = scale_for(values, 0, 100)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)


@given(numbers)
def test_a_constant_is_in_the_middle(value) -> None:
    scale = scale_for([value, value], 0, 100)
    assert math.isclose(scale(value), 50, abs_tol=1e-3)


def test_a_value_outside_the_range_is_put_at_its_end() -> None:
    scale = Scale(0, 1, 100, 0)
    assert [scale(-5), scale(0.25), scale(7)] == [100, 75, 0]


@given(st.lists(anything), st.integers(1, 10))
def test_ticks_are_few_and_inside(values, count) -> None:
    scale = scale_for(values, 0, 1)
    ticks = scale.ticks(count)
    air = 1e-6 * (scale.high / 2 - scale.low / 2)
    assert 1 <= len(ticks) <= max(2, count + 1)
    assert all(scale.low - air <= tick <= scale.high + air for tick in ticks)
    assert ticks == sorted(ticks)


@given(st.floats(-1e5, 1e5), st.floats(0.5, 1e5))
def test_tick_labels_tell_ticks_apart(low, span) -> None:
    ticks = Scale(low, low + span, 0, 1).ticks(5)
    assert len({tick_label(tick, ticks) for tick in ticks}) == len(ticks)


def test_ticks_are_round() -> None:
    ticks = Scale(0.31, 0.58, 0, 1).ticks(5)
    assert [tick_label(tick, ticks) for tick in ticks] == ["0.4", "0.5"]
    ticks = Scale(-0.19, 0.04, 0, 1).ticks(5)
    assert [tick_label(tick, ticks) for tick in ticks] == ["−0.15", "−0.10", "−0.05", "0.00"]
