"""The page of components is what `conf/` says, and its figures are there."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import torch
from phytotron.report.line_chart import Line, line_chart

from phytotron.config.components import KINDS, component_names
from phytotron.report.component_figures import figures
from phytotron.report.components_page import FIGURES, PAGE, render

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


def test_every_figure_of_the_page_is_there_and_no_other():
    shown = set(re.findall(r"\(figures/([^)]+\.svg)\)", render()))
    drawn = figures()
    assert shown == drawn.keys()
    for name, text in drawn.items():
        assert (FIGURES / name).is_file(), name
        assert ElementTree.fromstring(text).tag.endswith("svg")


def test_a_curve_passes_through_its_points():
    chart = line_chart("a line", [Line("x", [0, 1, 2], [0, 1, 2])], "x")
    path = re.search(r'd="(M[^"]*L[^"]*)"', chart)
    assert path
    (x0, y0), (x1, y1), (x2, y2) = (
        tuple(map(float, pair.split())) for pair in re.split("[ML]", path[1])[1:]
    )
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.2)
    assert y0 > y1 > y2  # upwards
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.2)
