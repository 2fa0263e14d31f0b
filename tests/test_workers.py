import os
import subprocess
import sys
import textwrap

import psutil
import pytest

from phytotron.errors import UserError
from phytotron.workers import Workers, available_cores, map_untrusted

DIE_IN_THE_POOL = "__import__('multiprocessing').parent_process() and __import__('os')._exit(9)"


@pytest.mark.parametrize("count", [1, 2])
def test_answers_come_in_the_order_of_the_tasks(count):
    with Workers(count) as workers:
        assert workers.map(abs, [-3, 1, -2]) == [3, 1, 2]
        assert workers.map(abs, list(range(-50, 0))) == list(range(50, 0, -1))
        assert workers.map(abs, []) == []


def test_default_is_one_process_a_core():
    assert Workers(None).count == available_cores() >= 1


def test_all_processes_take_part_and_the_caller_is_one_of_them():
    with Workers(3) as workers:
        seen = set(workers.map(eval, ["__import__('os').getpid()"] * 100))
    assert os.getpid() in seen
    assert 2 <= len(seen) <= 3


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("place", [0, 4])  # with 2 processes: in the pool, in the calling one
def test_an_error_in_a_worker_keeps_its_reason(count, place, tmp_path):
    folders = [tmp_path] * 5
    folders[place] = tmp_path / "missing"
    with Workers(count) as workers, pytest.raises(FileNotFoundError) as error:
        workers.map(os.listdir, folders)
    assert error.value.errno == 2


def test_a_worker_that_dies_is_an_error_not_a_hang():
    with Workers(2) as workers, pytest.raises(UserError, match="memory ran out"):
        workers.map(eval, [DIE_IN_THE_POOL] * 20)


@pytest.mark.parametrize("before", [None, "true"])
def test_each_process_uses_one_core(before, monkeypatch):
    monkeypatch.delenv("TOKENIZERS_PARALLELISM", raising=False)
    if before:
        monkeypatch.setenv("TOKENIZERS_PARALLELISM", before)
    with Workers(2) as workers:
        assert set(workers.map(os.getenv, ["TOKENIZERS_PARALLELISM"] * 20)) == {"false"}
        assert workers.map(os.getenv, ["RAYON_NUM_THREADS"] * 20)[0] == "1"
    assert os.environ.get("TOKENIZERS_PARALLELISM") == before


def test_a_death_names_the_key_that_helps():
    with (
        Workers(2, "some.workers", ", or less of all") as workers,
        pytest.raises(
            UserError, match=r"some\.workers: (.|\n)*smaller number than 2, or less of all"
        ),
    ):
        workers.map(eval, [DIE_IN_THE_POOL] * 20)


@pytest.mark.parametrize("count", [1, 2])
def test_untrusted_items_keep_their_order_and_only_the_culprits_are_lost(count):
    items = [f"'{number}'" for number in range(100)]
    items[7] = "__import__('os')._exit(9)"
    items[50] = "__import__('time').sleep(60)"
    results = map_untrusted(eval, items, count=count, time_limit=1.0, lost=lambda item: None)
    assert list(results) == [None if number in (7, 50) else str(number) for number in range(100)]


def test_an_error_of_an_untrusted_item_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(map_untrusted(eval, ["1 / 0"], count=1, time_limit=60, lost=lambda item: None))


def test_untrusted_items_are_read_only_a_little_ahead():
    read = []
    items = (read.append(number) or number for number in range(10_000))
    results = map_untrusted(abs, items, count=1, time_limit=60, lost=lambda item: None)
    assert next(results) == 0
    assert len(read) < 500
    results.close()


def test_workers_end_when_their_parent_is_killed():
    script = textwrap.dedent("""
        import os
        from phytotron.workers import Workers
        if __name__ == "__main__":
            workers = Workers(2)
            seen = set(workers.map(eval, ["__import__('os').getpid()"] * 20))
            print(*seen - {os.getpid()}, flush=True)
            input()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert children
        parent.kill()
    assert not psutil.wait_procs(children, timeout=20)[1]  # the ones still alive
