from __future__ import annotations

import errno
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phytotron.tracking import journal
from phytotron.tracking.journal import FILE, Journal, Life, note_death, read

names = st.sampled_from(["loss", "val/accuracy", "Größe"])
entries = st.lists(
    st.tuples(st.integers(0, 20), st.dictionaries(names, st.floats(allow_nan=True), min_size=1)),
    max_size=20,
)


def written(path: Path, numbers: list[tuple[int, dict[str, float]]]) -> None:
    file = Journal(path)
    for step, values in numbers:
        file.metrics(step, values)
    file.close()


def points(path: Path) -> list[tuple[int, str, float]]:
    """(step, name, value) of all metrics, in the order of the file; no number is a None."""
    return [
        (record["step"], name, None if math.isnan(value) else value)
        for record, _ in read(path)
        for name, value in record["values"].items()
    ]


def first_of_each(numbers: list[tuple[int, dict[str, float]]]) -> list[tuple[int, str, float]]:
    found: dict[tuple[int, str], float] = {}
    for step, values in numbers:
        for name, value in values.items():
            found.setdefault((step, name), None if math.isnan(value) else value)
    return [(step, name, value) for (step, name), value in found.items()]


@given(entries)
def test_what_is_written_is_read_and_nothing_is_there_twice(tmp_path_factory, numbers) -> None:
    path = tmp_path_factory.mktemp("journal") / FILE
    written(path, numbers)
    assert points(path) == first_of_each(numbers)


@given(entries, st.data())
def test_cut_off_anywhere_it_loses_the_half_line_and_continues(
    tmp_path_factory, numbers, data
) -> None:
    """As a resumed training does: it repeats steps, here all of them."""
    path = tmp_path_factory.mktemp("journal") / FILE
    written(path, numbers)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    kept = whole[: whole.rfind(b"\n", 0, cut) + 1]
    written(path, numbers)
    assert path.read_bytes().startswith(kept)
    assert sorted(points(path), key=repr) == sorted(first_of_each(numbers), key=repr)


@given(entries, st.data())
def test_reading_in_pieces_while_it_grows_is_reading_it_at_once(
    tmp_path_factory, numbers, data
) -> None:
    path = tmp_path_factory.mktemp("journal") / FILE
    written(path, numbers)
    whole = path.read_bytes()
    found, offset = [], 0
    sizes = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=5)))
    for size in [*sizes, len(whole)]:
        path.write_bytes(whole[:size])
        for record, after in read(path, offset):
            found.append(record)
            offset = after
    assert json.dumps(found) == json.dumps([record for record, _ in read(path)])
    assert offset == len(whole)


def test_there_is_nothing_to_read_before_there_is_a_file(tmp_path: Path) -> None:
    assert list(read(tmp_path / FILE)) == []
    assert Life(tmp_path).start is None


# Starts a training, says so, and waits until it is killed.
TRAINER = """
import sys
from pathlib import Path
from phytotron.tracking.journal import Journal
file = Journal(Path(sys.argv[1]))
file.start("docs/x", "0123", {"seed": 0})
file.metrics(1, {"loss": 0.5})
print("started", flush=True)
sys.stdin.read()
"""


def started(path: Path) -> subprocess.Popen:
    command = [sys.executable, "-c", TRAINER, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout.readline() == b"started\n"
    return process


def test_the_death_of_a_training_is_seen_and_noted_once(tmp_path: Path) -> None:
    path = tmp_path / "key" / FILE
    process = started(path)
    life = Life(path.parent)
    assert life.is_running
    note_death(path.parent)
    life.update()
    assert life.end is None
    process.kill()
    # It stays as a zombie: nobody has asked for its status.
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert not life.is_running
    process.communicate()
    with path.open("ab") as file:
        file.write(b'{"event": "metr')
    note_death(path.parent)
    note_death(path.parent)
    assert [record["event"] for record, _ in read(path)] == ["start", "metrics", "end"]
    life.update()
    assert life.end["status"] == "KILLED"


def test_another_process_with_the_same_number_is_not_the_training(tmp_path: Path) -> None:
    file = Journal(tmp_path / FILE)
    file.start("docs/x", "0123", {})
    assert Life(tmp_path).is_running
    text = (tmp_path / FILE).read_text()
    now = json.loads(text)["process_started"]
    (tmp_path / FILE).write_text(text.replace(str(now), str(now - 1000)))
    assert not Life(tmp_path).is_running


def test_a_training_on_another_machine_counts_as_gone_after_a_long_silence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Journal(tmp_path / FILE).start("docs/x", "0123", {})
    monkeypatch.setattr(journal.socket, "gethostname", lambda: "another")
    assert Life(tmp_path).is_running
    long_ago = (tmp_path / FILE).stat().st_mtime - 2 * journal.ABANDONED_SECONDS
    for path in (tmp_path / FILE, tmp_path):
        os.utime(path, (long_ago, long_ago))
    assert not Life(tmp_path).is_running


def test_a_resumed_training_is_the_one_that_counts(tmp_path: Path) -> None:
    for status in ("FAILED", None):
        file = Journal(tmp_path / FILE)
        file.start("docs/x", "0123", {})
        if status:
            file.end(status, "no memory")
    life = Life(tmp_path)
    assert life.end is None
    assert life.is_running


FULL = """
import resource, signal, sys
from pathlib import Path
from phytotron.tracking.journal import Journal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
file = Journal(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
step = 0
try:
    while True:
        file.metrics(step, {"loss": 0.5})
        step += 1
except OSError as error:
    print(step, error.errno)
"""


def test_a_full_disk_leaves_all_whole_lines(tmp_path: Path) -> None:
    """The limit on file sizes stands for the disk."""
    pytest.importorskip("resource")
    path = tmp_path / FILE
    done = subprocess.run(
        [sys.executable, "-c", FULL, path], capture_output=True, text=True, check=True
    )
    count, code = map(int, done.stdout.split())
    assert code == errno.EFBIG
    written(path, [(step, {"loss": 0.5}) for step in range(count + 5)])
    assert [step for step, _, _ in points(path)] == list(range(count + 5))
