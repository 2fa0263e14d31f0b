"""How far one must walk through this code to follow a training of MNIST.

    python benchmarks/hops.py [OVERRIDE ...]

Runs `phytotron train dense/mnist_mlp data.tiny=true trainer.max_epochs=1` in a new folder,
with a profiler that sees every call, and prints:

- own files: files of this project in which a function runs. Class bodies and what runs on import do
  not count. Those that first run after the first optimizer step are counted separately.
- hops in config/: calls from one file in config/ to another one there, before `fit` begins.
- checks: how often a composed config is checked.
- hashes: the places that call SHA-256 before `fit` begins and after it, without those of files.

A cached composition would hide the work, so there is none in the new folder.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import shutil
import sys
import tempfile
import threading
from collections import Counter
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "phytotron"
COMMAND = ["train", "dense/mnist_mlp", "data.tiny=true", "trainer.max_epochs=1"]
CHECKS = ("check_composed", "check_group", "check")


class Walk:
    """Follows calls; install with `sys.setprofile`."""

    def __init__(self) -> None:
        self.files: dict[str, None] = {}  # in the order in which they are reached
        self.before_a_step: int | None = None
        self.hops: Counter[tuple[str, str]] = Counter()
        self.checks: Counter[str] = Counter()
        self.hashes: Counter[str] = Counter()
        self.in_fit = False

    def __call__(self, frame: FrameType, event: str, argument: Any) -> None:
        if event == "c_call" and "sha256" in getattr(argument, "__name__", ""):
            if (file := own_file(frame.f_code)) and file != "files.py":
                self.hashes[f"{'fit' if self.in_fit else 'before'}: {file}"] += 1
            return
        code = frame.f_code
        # A generator is called once, and entered again for each of its items.
        if event != "call" or code.co_code[frame.f_lasti + 1] != 0:
            return
        file = own_file(code)
        if code.co_name == "step" and "optim" in code.co_filename and self.before_a_step is None:
            self.before_a_step = len(self.files)
        if file is None or not code.co_flags & inspect.CO_OPTIMIZED:
            return  # a foreign file, a class body or a module
        self.files.setdefault(file)
        if (file, code.co_name) == ("training/fit.py", "fit"):
            self.in_fit = True
        if code.co_name in CHECKS and file.startswith(("config/", "training/")):
            self.checks[f"{file}: {code.co_name}"] += 1
        before = own_file(frame.f_back.f_code) if frame.f_back else None
        if not self.in_fit and before and before != file and is_config(before) and is_config(file):
            self.hops[before, file] += 1


def own_file(code: CodeType) -> str | None:
    """The path of a code's file from the package, or None for a foreign one."""
    path = code.co_filename
    start = f"{SOURCE}{os.sep}"
    return path.removeprefix(start).replace(os.sep, "/") if path.startswith(start) else None


def is_config(file: str) -> bool:
    return file.startswith("config/")


def follow(command: list[str]) -> Walk:
    """Run a command of `phytotron` under the profiler, in a new folder."""
    from phytotron.cli import main

    walk = Walk()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        shutil.copytree(ROOT / "conf", "conf")
        for name in ("params.yaml", "dvc.yaml"):
            shutil.copy(ROOT / name, name)
        printed = io.StringIO()
        threading.setprofile(walk)
        sys.setprofile(walk)
        try:
            with contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
                main(command)
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]
    if "MLflow run" not in printed.getvalue():
        sys.exit(f"the training failed:\n{printed.getvalue()}")
    return walk


def main() -> None:
    walk = follow([*COMMAND, *sys.argv[1:]])
    rows = [
        ("own files", len(walk.files)),
        ("  of these before the first optimizer step", walk.before_a_step),
        ("hops between files in config/ before fit", sum(walk.hops.values())),
        *((f"  {before} to {after}", count) for (before, after), count in walk.hops.most_common()),
        *((f"calls of {name}", count) for name, count in sorted(walk.checks.items())),
        *((f"SHA-256 {name}", count) for name, count in sorted(walk.hashes.items())),
    ]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        print(f"{name:{width}}  {value}")
    print("files:", *walk.files, sep="\n  ")


if __name__ == "__main__":
    main()
