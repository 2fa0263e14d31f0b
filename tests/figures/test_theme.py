"""Figures as SVG for the inside of a page, and as files."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from phytotron.figures.theme import PAGE, PRINT, Theme, file_svg, inline_svg


def drawn(theme: Theme) -> Figure:
    with rc_context(theme.style):
        figure = Figure(figsize=(3, 2), layout="constrained")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], "o-", color=theme.series[1], clip_on=False)
        cell = Rectangle((0, 0), 1, 1, color=theme.right, clip_on=False)
        cell.set_url("cell")
        axes.add_patch(cell)
        axes.set_xlabel("a < b")
    return figure


def inline(name: str = "one") -> str:
    return inline_svg(drawn(PAGE), name, title="A & B", description="up", tips={"cell": "1 of 2"})


def test_colours_of_a_page_are_its_variables() -> None:
    text = inline()
    assert set(re.findall(r"#[0-9a-f]{6}\b", text)) == set()
    assert {"var(--slot-1)", "var(--right)", "var(--ink)"} <= set(
        re.findall(r"var\([\w-]+\)", text)
    )


def test_texts_are_texts_and_the_figure_is_told() -> None:
    text = inline()
    assert ">a &lt; b</text>" in text
    assert "<title>A &amp; B</title><desc>up</desc>" in text
    assert "<g><title>1 of 2</title>" in text
    assert set(re.findall(r"font-family: [^;\"]*", text)) == {"font-family: inherit"}


def test_coordinates_are_rounded_and_what_is_written_is_not() -> None:
    figure = drawn(PAGE)
    figure.axes[0].set_xticks([0.25, 0.75])
    text = inline_svg(figure, "one", title="A", description="B", tips={"cell": "1"})
    assert {">0.25</text>", ">0.75</text>"} <= set(re.findall(">[^<]*</text>", text))
    assert not re.findall(r'(?:x|y|d)="[^"]*\.\d\d', text)


def test_two_figures_share_no_id_and_find_their_own_marks() -> None:
    ids = [set(re.findall(r' id="([^"]+)"', inline(name))) for name in ("one", "two")]
    assert ids[0]
    assert not ids[0] & ids[1]
    assert set(re.findall(r'href="#([^"]+)"', inline())) == ids[0]


def test_nothing_in_it_reaches_the_rest_of_the_page() -> None:
    text = inline()
    for part in ("<style", "url(", "<script", "<metadata", "<!--", "<?xml"):
        assert part not in text


def test_a_file_is_whole_and_the_same_again() -> None:
    text = file_svg(drawn(PRINT), "A & B")
    root = ElementTree.fromstring(text)
    assert root[0].text == "A & B"
    assert (root.get("width"), root.get("viewBox")) == ("288", "0 0 216 144")
    assert text == file_svg(drawn(PRINT), "A & B")
