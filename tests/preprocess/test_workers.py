import os
import subprocess
import sys
import textwrap

import psutil
import pytest

from phytotron.errors import UserError
from phytotron.preprocess.workers import Workers, available_cores


@pytest.mark.parametrize("count", [1, 2])
def test_answers_come_in_the_order_of_the_tasks(count):
    with Workers(count) as workers:
        assert workers.map(abs, [-3, 1, -2]) == [3, 1, 2]
        assert workers.map(abs, []) == []


def test_default_is_one_process_a_core():
    assert Workers(None).count == available_cores() >= 1


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_in_a_worker_keeps_its_reason(count, tmp_path):
    with Workers(count) as workers, pytest.raises(FileNotFoundError) as error:
        workers.map(os.listdir, [tmp_path, tmp_path / "missing"])
    assert error.value.errno == 2


def test_a_worker_that_dies_is_an_error_not_a_hang():
    with Workers(2) as workers, pytest.raises(UserError, match="memory ran out"):
        workers.map(os._exit, [9, 9])


def test_workers_use_one_core_each():
    with Workers(2) as workers:
        assert workers.map(os.getenv, ["RAYON_NUM_THREADS", "TOKENIZERS_PARALLELISM"]) == [
            "1",
            "false",
        ]


def test_workers_end_when_their_parent_is_killed():
    script = textwrap.dedent("""
        import os
        from phytotron.preprocess.workers import Workers
        if __name__ == "__main__":
            workers = Workers(2)
            print(*set(workers.map(eval, ["__import__('os').getpid()"] * 20)), flush=True)
            input()
    """)
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        children = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        assert children
        parent.kill()
    assert not psutil.wait_procs(children, timeout=20)[1]  # the ones still alive
