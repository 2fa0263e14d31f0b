"""The page of components is what `conf/` says, and its figures are there."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch

from phytotron.config.components import KINDS, component_names
from phytotron.report.component_figures import Line, cells_figure, figures, lines_figure
from phytotron.report.components_page import FIGURES, PAGE, render

pytestmark = pytest.mark.catalogue("D15")

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    """With one thread: for so small tensors more are slower, much slower on a busy machine."""
    monkeypatch.chdir(ROOT)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_the_committed_page_is_what_the_generator_gives():
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "run: python -m phytotron.report.components_page"
    )


def test_every_component_is_on_the_page_with_a_title_and_a_formula():
    text = render()
    for kind in KINDS.values():
        for name in component_names(kind):
            assert re.search(rf"^\| `{name}` \| \*\*[^*]+\*\*( \([^)]+\))?: .+\.", text, re.M), name


def test_a_component_names_the_books_that_describe_it():
    (line,) = (line for line in render().splitlines() if line.startswith("| `gradient_ascent` |"))
    assert line.split(" | ")[3] == "Pattanayak 2023, ch. 5, Listings 5-3a, 5-3b |"


def test_every_figure_of_the_page_is_there_and_no_other():
    shown = set(re.findall(r"\(figures/([^)]+\.svg)\)", render()))
    drawn = figures()
    assert shown == drawn.keys()
    for name, text in drawn.items():
        assert (FIGURES / name).is_file(), name
        assert ElementTree.fromstring(text).tag.endswith("svg")


def test_a_figure_is_a_small_file_with_a_title_and_its_texts():
    text = figures()["activation-tanh.svg"]
    root = ElementTree.fromstring(text)
    namespace = "{http://www.w3.org/2000/svg}"
    assert root.find(f"{namespace}title").text == "tanh, and its derivative"
    texts = {"".join(each.itertext()).strip() for each in root.iter(f"{namespace}text")}
    assert {"z", "y(z)", "y'(z)"} <= texts
    assert len(text) < 12_000


def test_the_curves_are_the_function_and_its_derivative():
    z, y, slope = [0.0, 1.0], [2.0, 3.0], [4.0, 5.0]
    lines = [Line("y(z)", z, y), Line("y'(z)", z, slope, steps=True)]
    figure = lines_figure(lines, "z")
    (axes,) = figure.axes
    drawn = axes.lines[2:]  # after the two axes through 0
    assert [list(line.get_ydata()) for line in drawn] == [y, slope]
    assert [list(line.get_xdata()) for line in drawn] == [z, z]
    assert [line.get_drawstyle() for line in drawn] == ["default", "steps-post"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["y(z)", "y'(z)"]
    assert axes.get_xlabel() == "z"


def test_a_normalization_frames_what_it_takes_the_mean_of():
    left, right = cells_figure(2, 3, [("a", "column"), ("b", "row")]).axes
    sizes = [[(p.get_width(), p.get_height()) for p in axes.patches[6:]] for axes in (left, right)]
    assert sizes == [[(1, 2)] * 3, [(3, 1)] * 2]
