"""docs/lessons.md names every lesson and experiment, and what it types gives what it says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import phytotron.scratch
from phytotron.scratch.graph import Tensor, mermaid

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/lessons.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(\w+)` \|.*\| (.*) ?\|$", PAGE, re.M)


def test_what_is_typed_gives_what_the_page_says():
    found = doctest.testfile(str(ROOT / "docs/lessons.md"), module_relative=False, encoding="utf-8")
    assert found.attempted > 10
    assert found.failed == 0


def test_the_drawing_is_the_one_on_the_page():
    d = Tensor(2, "a") * Tensor(-3, "b") + Tensor(10, "c")
    d.backward()
    drawn = re.search(r"```mermaid\n(.*?)\n```", PAGE, re.S)
    assert drawn[1] == mermaid(d)


def test_every_lesson_is_listed():
    modules = [name for name, _ in ROWS]
    folder = Path(phytotron.scratch.__file__).parent
    assert sorted(modules) == sorted(
        path.stem for path in folder.glob("*.py") if path.stem[0] != "_"
    )


def test_every_experiment_is_listed():
    named = {name for _, cell in ROWS for name in re.findall(r"`(\w+)`", cell)}
    there = {path.stem for path in (ROOT / "conf/experiment/scratch").glob("*.yaml")}
    assert named == there - {"planar_baseline"}  # scikit-learn's logistic regression
