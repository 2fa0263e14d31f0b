"""One taxonomy: experiments, networks, figures and their tests are sorted by the same families."""

from __future__ import annotations

from pathlib import Path

import pytest

from phytotron.config.families import FAMILIES, family

ROOT = Path(__file__).parents[2]


def folders(path: str) -> set[str]:
    """The subfolders that hold files; leftovers such as an empty folder or caches do not count."""
    return {
        child.name
        for child in (ROOT / path).iterdir()
        if child.name != "__pycache__"
        and any(file.suffix in (".py", ".yaml") for file in child.rglob("*.*"))
        and child.is_dir()
    }


def test_experiments_belong_to_a_family_and_each_family_has_some():
    assert folders("conf/experiment") == FAMILIES.keys() - {"text"}


@pytest.mark.parametrize("path", ["src/phytotron/models", "tests/models"])
def test_networks_and_their_tests_belong_to_a_family(path):
    assert folders(path) <= FAMILIES.keys()


def test_figures_belong_to_a_family_or_are_common():
    assert folders("src/phytotron/figures") <= FAMILIES.keys() | {"common"}


def test_the_list_is_sorted_and_each_description_fits_on_a_line():
    assert list(FAMILIES) == sorted(FAMILIES)
    assert max(map(len, FAMILIES.values())) <= 80


def test_an_experiment_names_its_family():
    assert family("dense/mnist_mlp") == "dense"
