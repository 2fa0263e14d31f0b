"""Files are whole or absent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.files import read_json, replacing, replacing_folder, sha256, write_json


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")

    def fail() -> None:
        with replacing(target) as temporary:
            temporary.write_text("half")
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        fail()
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_failed_folder_leaves_the_old_folder_and_nothing_else(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "old").touch()

    def fail() -> None:
        with replacing_folder(target) as folder:
            (folder / "new").touch()
            raise OSError("no")

    with pytest.raises(OSError, match="no"):
        fail()
    assert [path.name for path in target.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    for name in ("first", "second"):
        with replacing_folder(tmp_path / "out") as folder:
            (folder / name).touch()
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["second"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


KILLED = """
import os, signal, sys
from pathlib import Path
from phytotron.files import replacing, replacing_folder
target = Path(sys.argv[2])
with globals()[sys.argv[1]](target) as temporary:
    if temporary.is_dir():
        (temporary / "half").touch()
    else:
        temporary.write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("how", ["replacing", "replacing_folder"])
def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path, how: str) -> None:
    target = tmp_path / "out"
    done = subprocess.run([sys.executable, "-c", KILLED, how, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.endswith(".part")
    if how == "replacing":
        with replacing(target) as temporary:
            temporary.write_text("whole")
    else:
        with replacing_folder(target):
            pass
    assert list(tmp_path.iterdir()) == [target]


def test_what_a_living_process_writes_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / f".out.{os.getppid()}.part"
    other.touch()
    with replacing(tmp_path / "out") as temporary:
        temporary.touch()
    assert other.exists()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), json_values))
def test_json_comes_back_and_its_bytes_depend_on_the_value_alone(tmp_path_factory, value) -> None:
    folder = tmp_path_factory.mktemp("json")
    write_json(folder / "a.json", value)
    write_json(folder / "b.json", dict(reversed(value.items())))
    assert read_json(folder / "a.json") == json.loads(json.dumps(value))
    assert sha256(folder / "a.json") == sha256(folder / "b.json")
