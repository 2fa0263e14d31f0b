"""`phytotron verify`: earns the numbers of the zoo, one process for each experiment."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import NoReturn

from phytotron.errors import UserError
from phytotron.zoo.experiments import choose, read_preset
from phytotron.zoo.results import full_name, last_result

_MISTAKE = 2


def verify(
    patterns: Sequence[str],
    *,
    seeds: int | None = None,
    preset: str | None = None,
    jobs: int = 1,
    part: str | None = None,
    record_misses: bool = False,
) -> int:
    """Verify experiments, each in a process of its own; says of each how it ended.

    Args:
        patterns: ids or globs; empty, with a `part`, for the whole zoo.
        seeds: how many seeds; None: what the card says, or three where a seed takes less than a
            minute, else one.
        preset: a preset of the cards instead of the files as they are.
        jobs: so many experiments at the same time.
        part: `K/N`, only the K-th of N parts.
        record_misses: a missed target is recorded, and no failure.

    Returns:
        The exit status: 0; 1 when a target was missed or a process broke down; 2 for a mistake
        that a person can mend.

    Raises:
        UserError: what was asked for is not right; then nothing runs.
    """
    if not patterns and part is None:
        raise UserError("verify what?", allowed="ids, globs such as 'scratch/*', or --part K/N")
    chosen = choose(patterns, _part(part) if part else None)
    for experiment in chosen:  # a mistake is told before the first of them has run for minutes
        read_preset(experiment, preset)
    statuses = _all_processes([_command(each, preset, seeds) for each in chosen], jobs)

    broken, missed = [], []
    for experiment, status in zip(chosen, statuses, strict=True):
        if status < 0:
            name = signal.Signals(-status).name
            hint = " (out of memory?)" if name == "SIGKILL" else ""
            broken.append(f"{experiment}: killed by {name}{hint}")
        elif status:
            broken.append(f"{experiment}: no result (status {status})")
        elif not _reached(experiment, preset):
            missed.append(f"{experiment}: target missed")
    reached = len(chosen) - len(broken) - len(missed)
    print(f"{reached} of {len(chosen)} reached", *broken, *missed, sep="\n  ", flush=True)
    if _MISTAKE in statuses:
        return _MISTAKE
    return 1 if broken or (missed and not record_misses) else 0


def _reached(experiment: str, preset: str | None) -> bool:
    result = last_result(experiment, preset)
    assert result is not None, full_name(experiment, preset)
    return result.reached


def _command(experiment: str, preset: str | None, seeds: int | None) -> list[str]:
    command = [sys.executable, "-m", "phytotron.zoo.earn", experiment]
    command += ["--preset", preset] if preset else []
    return command + (["--seeds", str(seeds)] if seeds else [])


def _all_processes(commands: Sequence[Sequence[str]], jobs: int) -> list[int]:
    """Run commands, `jobs` at a time; their exit statuses. Whatever ends this, ends them too."""
    running: list[subprocess.Popen[bytes]] = []
    ended = threading.Event()
    starting = threading.Lock()  # nothing starts behind the back of the end

    def start(command: Sequence[str]) -> int:
        with starting:
            if ended.is_set():
                return -signal.SIGTERM
            process = subprocess.Popen(command)
            running.append(process)
        return process.wait()

    before = signal.signal(signal.SIGTERM, _stop)
    pool = ThreadPoolExecutor(jobs)
    try:
        return list(pool.map(start, commands))
    finally:
        with starting:
            ended.set()
        for process in running:
            if process.poll() is None:
                process.terminate()
        pool.shutdown()
        signal.signal(signal.SIGTERM, before)


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    raise SystemExit(128 + number)


def _part(text: str) -> tuple[int, int]:
    """(K, N) of `K/N`."""
    first, slash, second = text.partition("/")
    if slash and first.isdecimal() and second.isdecimal() and 1 <= int(first) <= int(second):
        return int(first), int(second)
    raise UserError(f"'{text}' is no part", where="--part", allowed="K/N, such as 3/14")
