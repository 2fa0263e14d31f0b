"""Checkpoints on the disk: whole, or not counted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.training import checkpoints


def save(folder: Path, step: int, keep: int = 3) -> Path:
    part = checkpoints.start(folder)
    (part / "state").write_bytes(bytes([step]) * 100)
    (part / "shards").mkdir()
    (part / "shards/0").write_bytes(b"shard")
    return checkpoints.finish(part, {"step": step}, keep)


def test_the_newest_is_found_and_tells_where_it_stands(tmp_path):
    assert checkpoints.newest(tmp_path) is None
    for step in (3, 7, 12):
        saved = save(tmp_path, step)
        assert checkpoints.newest(tmp_path) == saved
        assert checkpoints.facts(saved)["step"] == step


def test_only_the_last_ones_stay(tmp_path):
    saved = [save(tmp_path, step, keep=2) for step in range(5)]
    assert sorted(tmp_path.iterdir()) == saved[-2:]


def test_one_that_was_not_finished_does_not_count_and_is_removed_by_the_next(tmp_path):
    first = save(tmp_path, 1)
    part = checkpoints.start(tmp_path)
    (part / "state").write_bytes(b"half of it")
    assert checkpoints.newest(tmp_path) == first
    second = save(tmp_path, 2)
    assert sorted(tmp_path.iterdir()) == [first, second]


@given(data=st.data())
def test_any_changed_byte_of_any_file_is_noticed(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("checkpoints")
    good, bad = save(folder, 1), save(folder, 2)
    name = data.draw(st.sampled_from(["state", "shards/0", checkpoints.MANIFEST]))
    content = bytearray((bad / name).read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    old = content[place]
    content[place] = data.draw(st.integers(0, 255).filter(lambda new: new != old))
    (bad / name).write_bytes(content)
    # White space in the manifest means nothing: then it still says the same.
    if checkpoints.damage(bad) is None:
        assert name == checkpoints.MANIFEST
        assert checkpoints.facts(bad)["step"] == 2
    else:
        assert name in checkpoints.damage(bad)
        assert checkpoints.newest(folder) == good
    shutil.rmtree(folder)


def test_a_damaged_one_is_named_on_stderr(tmp_path, capsys):
    good, bad = save(tmp_path, 1), save(tmp_path, 2)
    (bad / "shards/0").unlink()
    assert checkpoints.newest(tmp_path) == good
    assert f"{bad}: 0 is missing; using the one before it" in capsys.readouterr().err


def test_a_new_one_never_takes_the_name_of_a_damaged_one(tmp_path):
    save(tmp_path, 1)
    bad = save(tmp_path, 2)
    (bad / checkpoints.MANIFEST).unlink()
    assert save(tmp_path, 3).name > bad.name


@pytest.mark.parametrize("content", ["", "[]", "{", '{"files": 3}', "null"])
def test_no_manifest_stops_the_search(tmp_path, content):
    good, bad = save(tmp_path, 1), save(tmp_path, 2)
    (bad / checkpoints.MANIFEST).write_text(content)
    assert checkpoints.newest(tmp_path) == good
