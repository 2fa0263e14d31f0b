"""`phytotron verify`: measures the experiments of the zoo, one process for each."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

from phytotron.config.presets import choose, read_preset, seeds_of
from phytotron.errors import UserError
from phytotron.runs.listing import staleness
from phytotron.runs.result_files import full_name
from phytotron.runs.results import FIGURES, Result, last_result, read_result
from phytotron.runs.verdict import MISSED, UNDECIDED
from phytotron.zoo.measure import RESULT, RUNS

LOGS = Path("build/zoo/logs")

_MISTAKE = 2


def verify(
    patterns: Sequence[str],
    *,
    seeds: int | None = None,
    preset: str | None = None,
    jobs: int = 1,
    part: str | None = None,
    record_misses: bool = False,
    stale: bool = False,
) -> int:
    """Verify experiments, each in a separate process, and print how each of them ended.

    Args:
        patterns: ids or globs; empty, with a `part` or `stale`, for the whole zoo.
        seeds: how many seeds; None: what the card says. With fewer nothing is recorded.
        preset: a preset of the cards instead of the files as they are.
        jobs: the number of experiments that run at the same time.
        part: `K/N`, only the K-th of N parts.
        record_misses: a missed target is recorded, and no failure.
        stale: only what has not been verified yet, or not with this config, code and target, or
            with fewer seeds than the card asks for.

    Returns:
        The exit status: 0; 1 when a target was missed or a process broke down; 2 for a mistake
        that a person can mend.

    Raises:
        UserError: what was asked for is not right; then nothing runs.
    """
    if not patterns and part is None and not stale:
        allowed = "ids, globs such as 'scratch/*', --part K/N, or --stale"
        raise UserError("verify what?", allowed=allowed)
    chosen = choose(patterns, _part(part) if part else None)
    for experiment in chosen:  # a mistake is reported before the first one has run for minutes
        read_preset(experiment, preset)
    if stale:
        asked, is_stale = len(chosen), staleness()
        chosen = [name for name in chosen if not _is_current(name, preset, is_stale)]
        print(f"{asked - len(chosen)} of {asked} up to date", flush=True)
        if not chosen:
            return 0
    print(f"{len(chosen)} to verify; what they print: {LOGS.as_posix()}/", flush=True)
    statuses = _all_processes([_Process(each, preset, seeds) for each in chosen], jobs)

    broken, missed, undecided = [], [], []
    for experiment, status in zip(chosen, statuses, strict=True):
        if status < 0:
            name = signal.Signals(-status).name
            hint = " (out of memory?)" if name == "SIGKILL" else ""
            broken.append(f"{experiment}: killed by {name}{hint}")
        elif status:
            broken.append(f"{experiment}: no result (status {status})")
        elif (found := _verdict(experiment, preset)) == MISSED:
            missed.append(f"{experiment}: target missed")
        elif found == UNDECIDED:
            undecided.append(f"{experiment}: undecided: the target is within the interval")
    others = [*broken, *missed, *undecided]
    reached = len(chosen) - len(others)
    print(f"{reached} of {len(chosen)} reached", *others, sep="\n  ", flush=True)
    if _MISTAKE in statuses:
        return _MISTAKE
    return 1 if broken or (missed and not record_misses) else 0


def _is_current(experiment: str, preset: str | None, is_stale: Callable[[Result], bool]) -> bool:
    """Whether result and figures are there, as well founded as they should be."""
    result = last_result(experiment, preset)
    return (
        result is not None
        and len(result.seeds) >= len(seeds_of(read_preset(experiment, preset)))
        and (FIGURES / full_name(experiment, preset)).is_dir()
        and not is_stale(result)
    )


def _verdict(experiment: str, preset: str | None) -> str:
    """Of what was measured just now, recorded or not."""
    return read_result(RUNS / full_name(experiment, preset) / RESULT).verdict


@dataclass(frozen=True)
class _Process:
    """The process that measures one experiment."""

    experiment: str
    preset: str | None
    seeds: int | None

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "phytotron.zoo.measure", self.experiment]
        command += ["--preset", self.preset] if self.preset else []
        command += ["--seeds", str(self.seeds)] if self.seeds else []
        return subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8", errors="replace")

    def follow(self, process: subprocess.Popen[str]) -> int:
        """Log what the process prints, and show the lines of `measure`; its exit status."""
        path = LOGS / f"{full_name(self.experiment, self.preset)}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        assert process.stdout is not None
        with path.open("w", encoding="utf-8") as log:
            for line in process.stdout:
                log.write(line)
                if line.startswith(f"{self.experiment}: "):
                    print(line, end="", flush=True)
        return process.wait()


def _all_processes(processes: Sequence[_Process], jobs: int) -> list[int]:
    """Run processes, `jobs` at a time; their exit statuses. Whatever ends this, ends them too."""
    running: list[subprocess.Popen[str]] = []
    ended = threading.Event()
    starting = threading.Lock()  # no process starts once `ended` is set

    def start(process: _Process) -> int:
        with starting:
            if ended.is_set():
                return -signal.SIGTERM
            running.append(process.start())
            started = running[-1]
        return process.follow(started)

    before = signal.signal(signal.SIGTERM, _stop)
    pool = ThreadPoolExecutor(jobs)
    try:
        return list(pool.map(start, processes))
    finally:
        with starting:
            ended.set()
        for each in running:
            if each.poll() is None:
                each.terminate()
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
