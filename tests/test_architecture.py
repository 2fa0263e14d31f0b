"""The pages that say where things are name what is there."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src/phytotron"
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
INDEX = (ROOT / "docs/README.md").read_text(encoding="utf-8")

# What stages write; absent in a clean clone.
OUTS = ("build/", "data/raw/", "data/interim/", "data/processed/")


def order_of_imports() -> list[str]:
    """The list ORDER of the test that checks imports."""
    tree = ast.parse((ROOT / "tests/pipeline/test_dependencies.py").read_text(encoding="utf-8"))
    (value,) = (
        node.value
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "ORDER"
    )
    return ast.literal_eval(value)


def section(heading: str) -> str:
    return PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def test_the_table_has_every_package_in_the_order_of_imports() -> None:
    named = re.findall(r"^\| `(\w+)` \| .+ \|$", section("Packages"), flags=re.MULTILINE)
    assert named == order_of_imports()


def test_the_diagram_has_every_package() -> None:
    diagram = section("Packages").split("```")[1]
    words = re.findall(r"\w+", re.sub(r"subgraph .*", "", diagram))
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix in ("", ".py")}
    assert set(words) - {"mermaid", "flowchart", "TB", "end"} - {
        *re.findall(r"subgraph (\w+)", diagram)
    } == there - {"__init__", "__pycache__"}


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([\w./-]+\.[a-z]+)`", PAGE))))
def test_a_file_that_the_page_names_exists(path: str) -> None:
    assert path.startswith(OUTS) or (PACKAGE / path).is_file() or (ROOT / path).is_file()


@pytest.mark.parametrize(("text", "target"), re.findall(r"\[`([^`]+)`\]\(([^)]+)\)", PAGE))
def test_a_link_to_a_file_says_where_it_leads(text: str, target: str) -> None:
    assert (ROOT / "docs" / target).is_file()
    assert target in (f"../src/phytotron/{text}", f"../{text}")


def test_the_index_names_every_page_once() -> None:
    named = re.findall(r"^- \[[^]]+\]\(([^)]+)\)", INDEX, flags=re.MULTILINE)
    assert len(named) == len(set(named))
    assert all((ROOT / "docs" / target).is_file() for target in named)
    pages = {path.name for path in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert pages <= set(named)


def test_the_readme_leads_to_both() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "](docs/README.md)" in readme
    assert "](docs/architecture.md)" in readme


def test_the_hooks_and_the_container_name_what_is_there() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = " ".join(hook["entry"] for repo in config["repos"] for hook in repo["hooks"])
    tests = re.findall(r"tests/\S+", entries)
    assert tests
    assert all((ROOT / test).is_file() for test in tests)
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    target = container["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE)
