"""Trainings on tiny data that can be disturbed, and what they end with."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from phytotron.config.compose import compose_experiment
from phytotron.config.stage import plain
from phytotron.data.tiny_paragraphs import tiny
from phytotron.files import sha256

ROOT = Path(__file__).parents[2]

# Dropout, a schedule, clipping; two epochs of 20 steps. The first steps are taken one by one, the
# later ones several at once. What is compared are the last weights, not the best.
SMALL = (
    "data.batch_size=8",
    "trainer.max_epochs=2",
    "trainer.log_every_n_steps=4",
    "checkpoint.every_n_steps=3",
    "callbacks.best_weights=null",
)
STEPS = 40


class Zygote:
    """The other end of zygote.py."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, Path(__file__).with_name("zygote.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        self.ended: dict[int, int] = {}

    def start(self, job: dict[str, Any]) -> int:
        """Fork a training; its process id."""
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        while True:
            answer = json.loads(self.process.stdout.readline())
            if "status" not in answer:
                return answer["pid"]
            self.ended[answer["pid"]] = answer["status"]

    def wait(self, pid: int) -> int:
        """The exit status of a training; negative for a signal."""
        while pid not in self.ended:
            answer = json.loads(self.process.stdout.readline())
            self.ended[answer["pid"]] = answer["status"]
        return self.ended.pop(pid)

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=60)


@dataclass
class Training:
    """One training in a folder of its own; `run` starts or continues it."""

    zygote: Zygote
    folder: Path
    data: Path
    config: dict[str, Any]
    log: str = field(default="", init=False)

    @property
    def out(self) -> Path:
        return self.folder / "model"

    @property
    def checkpoints(self) -> list[Path]:
        return sorted(self.folder.glob("scratch/*/checkpoints/checkpoint-????????"))

    def run(self, **fault: Any) -> int:
        """Train with a fault; the exit status. `log` then holds what was printed."""
        self._forget()
        return self._wait([self._start(fault, {})])[0]

    def run_two(self, *faults: dict[str, Any]) -> list[int]:
        """Train in two processes that work together, each with its fault."""
        self._forget()
        together = _meeting_point() | {"WORLD_SIZE": "2", "NODE_RANK": "0"}
        return self._wait(
            [
                self._start(fault, together | {"LOCAL_RANK": str(rank)})
                for rank, fault in enumerate(faults)
            ]
        )

    def run_nodes(self, *faults: dict[str, Any]) -> list[int]:
        """Train on nodes of one process each, told by torchrun so, each with its fault."""
        self._forget()
        together = _meeting_point() | {
            "TORCHELASTIC_RUN_ID": "test",
            "WORLD_SIZE": str(len(faults)),
            "LOCAL_WORLD_SIZE": "1",
            "LOCAL_RANK": "0",
        }
        return self._wait(
            [
                self._start(fault, together | {"RANK": str(node), "GROUP_RANK": str(node)})
                for node, fault in enumerate(faults)
            ]
        )

    def digests(self) -> dict[str, str]:
        """SHA-256 of every file of the trained model."""
        return {path.name: sha256(path) for path in sorted(self.out.iterdir())}

    def _forget(self) -> None:
        (self.folder / "log").unlink(missing_ok=True)

    def _start(self, fault: dict[str, Any], environment: dict[str, str]) -> int:
        job = {
            "config": self.config,
            "out": str(self.out),
            "scratch": str(self.folder / "scratch"),
            "log": str(self.folder / "log"),
            "fault": fault,
            "environment": environment,
        }
        return self.zygote.start(job)

    def _wait(self, pids: list[int]) -> list[int]:
        statuses = [self.zygote.wait(pid) for pid in pids]
        self.log = (self.folder / "log").read_text()
        return statuses


def _meeting_point() -> dict[str, str]:
    """Where the processes of a training meet: a free port of this machine."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "GLOO_SOCKET_IFNAME": "lo",
    }


@pytest.fixture(scope="session")
def zygote() -> Iterator[Zygote]:
    started = Zygote()
    yield started
    started.stop()


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny(tmp_path_factory.mktemp("data") / "processed")


@pytest.fixture(scope="session")
def training(zygote, data, tmp_path_factory):
    """`training(*overrides)`: a new training of a small TextCNN."""

    def made(*overrides: str) -> Training:
        before = Path.cwd()
        os.chdir(ROOT)
        try:
            own = [*SMALL, f"data.folder={data}", *overrides]
            config = plain(compose_experiment("router/textcnn", own).config)
        finally:
            os.chdir(before)
        return Training(zygote, tmp_path_factory.mktemp("training"), data, config)

    return made


@pytest.fixture(scope="session")
def undisturbed(training):
    """`undisturbed(*overrides)`: the digests of such a training that nothing disturbed."""
    known: dict[tuple[str, ...], dict[str, str]] = {}

    def digests(*overrides: str) -> dict[str, str]:
        if overrides not in known:
            whole = training(*overrides)
            assert whole.run() == 0, whole.log
            known[overrides] = whole.digests()
        return known[overrides]

    return digests
