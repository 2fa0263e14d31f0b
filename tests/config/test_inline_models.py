"""A network may stand in its experiment's file instead of in conf/model/."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from phytotron.config import imports as source
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


@pytest.mark.parametrize(
    ("written", "key", "meant"),
    [
        ("_target_: {mlp}, hiden: [8]", "model.hiden", "model.hidden"),
        ("_target_: {mlp}, hidden: [8], actvation: relu", "model.actvation", "model.activation"),
        # a node in a node of a library, whose own arguments nobody has read
        (
            "_target_: a.B, any: {{_target_: {mlp}, dropuot: 0.1}}",
            "model.any.dropuot",
            "model.any.dropout",
        ),
    ],
)
def test_a_misspelt_argument_is_answered_at_its_line(tmp_path, monkeypatch, written, key, meant):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "conf/experiment").mkdir(parents=True)
    for path in (ROOT / "conf").iterdir():
        if path.name != "experiment":
            (tmp_path / "conf" / path.name).symlink_to(path)
    node = written.format(mlp="phytotron.models.dense.mlp.MLP")
    file = tmp_path / "conf/experiment/net.yaml"
    file.write_text(f"# @package _global_\nmodel: {{{node}}}\n")
    with pytest.raises(UserError) as caught:
        compose_experiment("net")
    assert str(caught.value).startswith(f"conf/experiment/net.yaml:2: unknown key '{key}'")
    assert f"did you mean '{meant}'?" in str(caught.value)


SOURCE = """\
from dataclasses import dataclass
class Own:
    def __init__(self, width: int, *, bias: bool = True) -> None: ...
def function(depth, rate=0.5): ...
class Open:
    def __init__(self, width, **options): ...
class Heir(Own): ...
@dataclass
class Data:
    width: int
class Nested:
    class Own: ...
"""


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nets.Own", ["width", "bias"]),
        ("nets.function", ["depth", "rate"]),
        *((f"nets.{name}", None) for name in ("Open", "Heir", "Data", "Nested", "absent")),
        ("absent.Own", None),
    ],
)
def test_arguments_are_read_where_the_definition_says_them_all(
    tmp_path, monkeypatch, name, arguments
):
    (tmp_path / "phytotron").mkdir()
    (tmp_path / "phytotron/nets.py").write_text(SOURCE)
    monkeypatch.setattr(source, "SOURCE", tmp_path)
    assert source.parameters(f"phytotron.{name}") == arguments
    assert source.parameters("collections.OrderedDict") is None


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
