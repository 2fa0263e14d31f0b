"""How the tests grow with the zoo: collects them in a copy of the repository with more experiments.

    python -m benchmarks.three_hundred --experiments 300

Prints for each file of tests how many there are now and how many there are then, for the files
where that differs, what `make test` and `make test-zoo` take of the conformance suite, and the
processor time of collecting. With `--run` it runs what `make test` runs in the copy, and prints how
long that took.
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
EXPERIMENTS = Path("conf/experiment")


def main(argv: Sequence[str] | None = None) -> None:
    """Collect the tests here and in the copy, and print where they differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.three_hundred", description=__doc__)
    parser.add_argument("--experiments", type=int, default=300, help="how many the copy has")
    parser.add_argument("--tests", nargs="*", default=["tests"], help="files or folders of tests")
    parser.add_argument("--run", action="store_true", help="run the tests in the copy, too")
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        multiply(copy, arguments.experiments)
        now, seconds = collected(ROOT, arguments.tests)
        then, later = collected(copy, arguments.tests)
        print(f"tests: {now.total()} → {then.total()}")
        for file in sorted(then, key=lambda name: now[name] - then[name]):
            if then[file] != now[file]:
                print(f"  {file}: {now[file]} → {then[file]}")
        print(f"collecting, s of processor: {seconds:.1f} → {later:.1f}")
        zoo = ["tests/conformance"]
        print(f"conformance in a run of make test: {collected(copy, zoo)[0].total()}")
        print(f"conformance in all parts: {collected(copy, zoo, '--part', '1/1')[0].total()}")
        if arguments.run:
            print(f"make test in the copy: {run(copy):.0f} s")


def run(copy: Path) -> float:
    """Run the tests of `make test`; the seconds that it took."""
    recipe = (copy / "Makefile").read_text(encoding="utf-8").partition("\ntest: env")[2]
    commands = recipe.partition("\n\n")[0].replace("\\\n", " ").splitlines()[1:]
    # Some tests copy what git knows.
    person = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@example.org"]
    for arguments in (["init", "-q"], ["add", "-A"], [*person, "commit", "-qm", "copy"]):
        subprocess.run(["git", *arguments], cwd=copy, check=True)
    begin = time.perf_counter()
    for command in commands:
        subprocess.run(
            [sys.executable, *shlex.split(command.strip().removeprefix("@python"))],
            cwd=copy,
            env=os.environ | {"PYTHONPATH": str(copy / "src")},
            check=False,
        )
    return time.perf_counter() - begin


def multiply(copy: Path, count: int) -> None:
    """A copy of the repository with copies of its experiments, and of their results."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, copy / name)
    own = sorted((copy / EXPERIMENTS).rglob("*.yaml"))
    for number in range(len(own), count):
        path = own[number % len(own)]
        text = path.read_text(encoding="utf-8")
        # What an entry of the catalogue is implemented by is said once.
        text = re.sub(r"catalogue: *(\[[^\]]*\]|(\n *- *\S+)+)", "catalogue: []", text)
        path.with_stem(f"{path.stem}_{number // len(own)}").write_text(text, encoding="utf-8")


def collected(root: Path, tests: Sequence[str], *options: str) -> tuple[Counter[str], float]:
    """The number of tests of each file, and the seconds of processor that collecting took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--collect-only", "-q"),
            *("-m", "not slow", *tests, *options),
        ],
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise SystemExit(f"{root}: pytest ended with status {done.returncode}\n{done.stdout}")
    files = [line.partition("::")[0] for line in done.stdout.splitlines() if "::" in line]
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Counter(files), seconds


if __name__ == "__main__":
    main()
