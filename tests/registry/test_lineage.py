from __future__ import annotations

import pytest

from phytotron.errors import UserError
from phytotron.files import sha256
from phytotron.registry.lineage import lineage, render
from phytotron.registry.promotion import promote, rollback

MODEL = "router"


@pytest.mark.slow
def test_a_champion_tells_what_it_was_made_from(three):
    promote(MODEL, "3", force=True, why="a test")
    found = lineage(f"{MODEL}@champion")
    assert found["version"] == "3"
    assert found["aliases"] == ["champion"]
    assert found["experiment"] == "router/strong"
    assert found["commit"] == "0123abc"
    assert found["seed"] == "0"
    assert found["config"] == sha256("build/models/router/strong/config.yaml")
    assert found["data"] == {"data/processed": "md5:77.dir"}
    assert found["metrics"]["macro_f1"] == three.evaluated("router/strong").metrics["macro_f1"]
    assert found["versions"]["python"]
    assert found["champion"][0].endswith(": a test")


def test_it_names_the_commands_that_rebuild_it(three):
    commands = lineage(f"{MODEL}/3")["rebuild"]
    assert commands[0] == "git checkout 0123abc"
    assert commands[-1] == "make repro"
    assert "git apply provenance/uncommitted.patch" in commands


def test_the_moves_of_a_version_are_those_to_and_from_it(three):
    for version in ("1", "2"):
        promote(MODEL, version, force=True, why=f"reason {version}")
    rollback(MODEL)
    moves = lineage(f"{MODEL}/2")["champion"]
    assert len(moves) == 2
    assert "promote 1 → 2" in moves[0]
    assert "rollback 2 → 1" in moves[1]


def test_the_text_has_all_facts(three):
    found = lineage(f"{MODEL}/2")
    text = render(found)
    for value in (found["digest"], found["config"], found["run_id"], "md5:77.dir", "never"):
        assert value in text


def test_what_does_not_exist_is_answered(three):
    with pytest.raises(UserError, match="no alias 'champion'"):
        lineage(MODEL)
