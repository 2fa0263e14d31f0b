"""A network may stand in its experiment's file instead of in conf/model/."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from phytotron.config.compose import compose_experiment
from phytotron.errors import UserError

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def test_an_override_changes_a_setting_of_the_experiment_s_own_network():
    assert compose_experiment("scratch/untrained", ["model.hidden=5"]).config.model.hidden == 5


@pytest.mark.parametrize(
    ("override", "answer"),
    [
        ("model.hiden=5", "did you mean 'model.hidden'"),
        ("model.hidden=many", "a whole number, such as 3"),
    ],
)
def test_a_wrong_override_of_the_experiment_s_own_network_is_answered(override, answer):
    with pytest.raises(UserError, match=re.escape(answer)):
        compose_experiment("scratch/untrained", [override])


def test_files_of_networks_are_for_several_experiments():
    """Those that tests choose for an experiment, such as `model=textcnn`, have one user."""
    used = Counter(
        name
        for path in Path("conf/experiment").rglob("*.yaml")
        for name in re.findall(r"- override /model: (\w+)", path.read_text())
    )
    shared = {path.stem for path in Path("conf/model").glob("*.yaml")}
    assert used.keys() == shared
    assert {name for name in shared if used[name] == 1} <= {"textcnn", "transformer"}
