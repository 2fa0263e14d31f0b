"""Results: sealed when they are written, checked when they are read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from phytotron.errors import UserError
from phytotron.runs.result_files import result_file
from phytotron.runs.results import last_result, read_result, restamp, spread, write_result


def test_a_result_is_read_as_it_was_written(project: Path, make_result) -> None:
    result = make_result()
    path = write_result(result)
    assert path == Path("zoo/results/scratch/planar.json")
    assert read_result(path) == result == last_result("scratch/planar")
    assert len(json.loads(path.read_text())["sha256"]) == 64


def test_a_preset_has_its_own_file(project: Path, make_result) -> None:
    write_result(make_result(preset="full"))
    assert last_result("scratch/planar") is None
    assert last_result("scratch/planar", "full").preset == "full"
    assert result_file("scratch/planar", "full").name == "planar.full.json"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"mean": 0.91', '"mean": 0.99'),
        ('"verdict": "reached"', '"verdict": "missed"'),
        ('"target": 0.9', '"target": 0.8'),
        ('"date": "2026-11-21"', '"date": "2026-11-22"'),
    ],
)
def test_a_result_that_was_edited_by_hand_is_refused(
    project: Path, make_result, old: str, new: str
) -> None:
    path = write_result(make_result())
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(UserError, match=r"planar\.json: was edited by hand") as caught:
        read_result(path)
    assert "phytotron verify scratch/planar" in str(caught.value)


def test_a_result_with_another_fingerprint_keeps_the_one_it_was_measured_with(
    project: Path, make_result
) -> None:
    before = make_result()
    path = write_result(before)
    assert "restamped" not in path.read_text()
    for mark in ("a" * 64, "a" * 64, "b" * 64):
        restamp(path, mark, "moved: the model's bytes are equal", "2026-11-28")
    after = read_result(path)
    assert after.fingerprint == "b" * 64
    assert [(note["from"][0], note["to"][0]) for note in after.restamped] == [
        ("f", "a"),
        ("a", "b"),
    ]
    assert {note["why"] for note in after.restamped} == {"moved: the model's bytes are equal"}
    assert replace(after, fingerprint=before.fingerprint, restamped=[]) == before


def test_a_result_gets_no_other_fingerprint_without_a_reason(project: Path, make_result) -> None:
    path = write_result(make_result())
    with pytest.raises(UserError, match="without a reason"):
        restamp(path, "a" * 64, " ", "2026-11-28")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"sha256": 1}'])
def test_a_file_that_is_no_result_is_refused(project: Path, text: str) -> None:
    path = project / "zoo/results/scratch/planar.json"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    with pytest.raises(UserError, match=r"planar\.json: (is no result|was edited)"):
        last_result("scratch/planar")


def test_one_seed_has_no_deviation() -> None:
    assert str(spread([0.5])) == "0.5"
    assert str(spread([0.4, 0.6])) == "0.5 ± 0.14"


def test_the_worst_seed_is_the_worst_for_the_goal(make_result) -> None:
    assert make_result().worst == 0.9
    assert make_result(goal="min").worst == 0.92
