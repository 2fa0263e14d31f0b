"""`phytotron doctor`: what is wrong with the set-up, and the command that repairs it.

All checks together take about a second. So a check that would import MLflow or compose every config
first looks for a cheap proof that nothing is wrong, and does the work only where there is none;
`full=True` (`phytotron doctor --full`) always does the work.
"""

from __future__ import annotations

import configparser
import hashlib
import inspect
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from phytotron.errors import UserError

FREE_BYTES = 2 * 1024**3  # the pipeline's outs, DVC's cache and scratch take about 1 GB
CHECKED = Path("build/doctor.json")  # what has passed a slow check, by its hash


@dataclass(frozen=True)
class Finding:
    """Something that is wrong.

    Attributes:
        name: the check that found it.
        problem: what is wrong.
        repair: the command or step that repairs it.
    """

    name: str
    problem: str
    repair: str


def examine(full: bool = False) -> list[Finding]:
    """Run every check; an empty list means that nothing is wrong.

    Args:
        full: trust no cheap proof; do all the work.
    """
    found: list[Finding] = []
    for check in CHECKS:
        found += check(full) if "full" in inspect.signature(check).parameters else check()
    return found


def render(findings: list[Finding]) -> str:
    """The findings as text."""
    if not findings:
        return f"nothing wrong found ({len(CHECKS)} checks)"
    return "\n".join(f"{item.name}: {item.problem}\n  repair: {item.repair}" for item in findings)


def check_python() -> Iterator[Finding]:
    """The Python version is one that the lock was made for."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 13):
        found = ".".join(map(str, sys.version_info[:3]))
        yield Finding(
            "python",
            f"this is Python {found}; the lock is for 3.11 to 3.13",
            "rm -rf .venv && make env PYTHON=python3.11",
        )


def check_lock(lock: Path = Path("requirements.lock")) -> Iterator[Finding]:
    """Every package of the lock is installed at the locked version."""
    if not lock.exists():
        yield Finding("lock", f"there is no {lock}", f"git checkout {lock}")
        return
    wrong = [
        f"{requirement.name} {found or 'is missing'}, locked {requirement.specifier}"
        for requirement in locked(lock)
        if not requirement.specifier.contains(found := installed(requirement.name), True)
    ]
    if wrong:
        rest = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        yield Finding("lock", "; ".join(wrong[:3]) + rest, "touch requirements.lock && make env")


def locked(lock: Path) -> Iterator[Requirement]:
    """The packages of a lock file that this platform needs."""
    for line in lock.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith((" ", "#", "-")):
            requirement = Requirement(line.rstrip("\\ "))
            if requirement.marker is None or requirement.marker.evaluate():
                yield requirement


def installed(name: str) -> str:
    """The installed version of a package, empty when it is absent."""
    if version := _versions_by_folder().get(_normalised(name)):
        return version
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


@cache
def _versions_by_folder() -> dict[str, str]:
    """Names and versions of the installed packages, as their folders are called.

    For each package `metadata.version` reads and parses a file: 250 of them take half a second.
    """
    versions: dict[str, str] = {}
    for folder in filter(os.path.isdir, sys.path):
        for found in Path(folder).glob("*.dist-info"):
            package, _, version = found.stem.rpartition("-")
            versions.setdefault(_normalised(package), version)  # the first in the path counts
    return versions


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def check_lightning() -> Iterator[Finding]:
    """No release that stole credentials, and not two packages with the same code."""
    for name in ("lightning", "pytorch-lightning"):
        if (version := installed(name)) in {"2.6.2", "2.6.3"}:
            yield Finding(
                "lightning",
                f"{name} {version} was a malicious release: treat this machine's secrets as stolen",
                "rm -rf .venv && make env, and replace the secrets",
            )
    if installed("lightning"):
        yield Finding(
            "lightning",
            "the package 'lightning' is installed beside 'pytorch-lightning': their classes differ",
            "uv pip uninstall lightning",
        )


def check_torchvision() -> Iterator[Finding]:
    """torch is the partner that torchvision was built with."""
    torch, torchvision = installed("torch"), installed("torchvision")
    if not (torch and torchvision):
        return
    for text in metadata.requires("torchvision") or []:
        requirement = Requirement(text)
        if requirement.name == "torch" and not requirement.specifier.contains(torch, True):
            yield Finding(
                "torchvision",
                f"torchvision {torchvision} needs torch{requirement.specifier}, found {torch}",
                "touch requirements.lock && make env",
            )


def check_dvc() -> Iterator[Finding]:
    """This is a DVC repository, and DVC's own Hydra switch is off."""
    if not Path(".dvc").is_dir():
        yield Finding("dvc", "this folder is not a DVC repository", "cd to the repository's root")
        return
    config = configparser.ConfigParser()
    config.read([".dvc/config", ".dvc/config.local"])
    if config.getboolean("hydra", "enabled", fallback=False):
        yield Finding(
            "dvc",
            "hydra.enabled is on: DVC would overwrite params.yaml, and repro would go stale",
            "dvc config --unset hydra.enabled",
        )


def check_dvc_lock(lock: Path = Path(".dvc/tmp/rwlock")) -> Iterator[Finding]:
    """The file in which DVC notes what it is doing is whole; killed, it may leave half of it."""
    try:
        json.loads(lock.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    except ValueError:
        yield Finding("dvc", f"{lock} was left half-written", f"rm {lock.as_posix()}")


def check_checkpoints() -> Iterator[Finding]:
    """No checkpoint lies in a DVC out, where the next run would delete it."""
    if found := sorted(Path("build/models").rglob("*.ckpt")):
        yield Finding(
            "checkpoints",
            f"{found[0]} lies in a DVC out and is deleted by the next run",
            "keep checkpoints under build/scratch/",
        )


def check_configs(full: bool = False) -> Iterator[Finding]:
    """params.yaml and conf/ compose, and have every key that dvc.yaml lists.

    Composing all configs takes seconds. When that has succeeded, the hash of the files is noted,
    and the same files are not composed again.
    """
    files = _hash_of_configs()
    if not full and _passed("configs") == files:
        return
    from phytotron.config.compose import compose_all
    from phytotron.config.dvc_params import check_listed
    from phytotron.config.experiments import read_params
    from phytotron.files import write_json

    try:
        check_listed(compose_all(read_params()))
    except UserError as error:
        yield Finding("configs", str(error), "repair the file named above")
    else:
        write_json(CHECKED, {"configs": files})


def _hash_of_configs() -> str:
    """A hash of all that decides whether the configs compose: the files, and the code that does."""
    code = Path(__file__).with_name("config")
    files = [Path("params.yaml"), Path("dvc.yaml"), *Path("conf").rglob("*.yaml")]
    files += code.rglob("*.py")
    digest = hashlib.sha256()
    for path in sorted(files):
        content = path.read_bytes() if path.is_file() else b""
        digest.update(f"{path.as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _passed(check: str) -> str | None:
    """The hash of what passed a check last; None where it never has."""
    from phytotron.files import read_json

    try:
        passed: str | None = read_json(CHECKED).get(check)
    except (OSError, ValueError, AttributeError):
        return None
    return passed


def check_site() -> Iterator[Finding]:
    """The bundled site is the one that was committed."""
    from phytotron.scrape.server import verify

    for archive in sorted(Path("data/site").glob("*.tar.xz")):
        try:
            verify(archive)
        except UserError as error:
            yield Finding("site", str(error), f"git checkout {archive.as_posix()}")


def check_tracking(full: bool = False) -> Iterator[Finding]:
    """MLflow's store can be used.

    MLflow takes seconds to import. A healthy SQLite store is recognised without it.
    """
    if not full and _has_healthy_store():
        return
    from phytotron.tracking.store import check_store

    for item in check_store():
        yield Finding("tracking", item.problem, item.repair)


def _has_healthy_store() -> bool:
    """Whether the store is an SQLite file that can be used, or one that does not exist yet."""
    import yaml

    from phytotron.config.stage import PIPELINE_CONFIG
    from phytotron.tracking.sqlite_file import is_healthy

    if not PIPELINE_CONFIG.exists():
        return True  # the pipeline has not run: there is no store to look at
    config = yaml.safe_load(PIPELINE_CONFIG.read_text(encoding="utf-8"))
    uri = os.environ.get("MLFLOW_TRACKING_URI") or config["tracking"]["uri"]
    if not uri.startswith("sqlite:///"):
        return False
    file = Path(uri.removeprefix("sqlite:///"))
    return not file.exists() or is_healthy(file)


def check_journals() -> Iterator[Finding]:
    """All that trainings have measured is in MLflow, and no dead one counts as running."""
    from phytotron.tracking.journal import unsent_trainings

    if left := unsent_trainings():
        rest = f" and {len(left) - 1} more" if len(left) > 1 else ""
        yield Finding(
            "journals",
            f"MLflow does not have all of the training in {left[0].as_posix()}{rest}",
            "python -m phytotron.tracking.sender --all",
        )


def check_disk() -> Iterator[Finding]:
    """There is room for what the pipeline writes."""
    free = shutil.disk_usage(".").free
    if free < FREE_BYTES:
        yield Finding(
            "disk", f"{free / 1024**3:.1f} GB free, about 2 GB are needed", "make clean; dvc gc -w"
        )


def check_gpu() -> Iterator[Finding]:
    """Where there is a GPU, torch can use it."""
    if shutil.which("nvidia-smi") is None:
        return
    if subprocess.run(["nvidia-smi", "-L"], capture_output=True, check=False).returncode:
        yield Finding("gpu", "nvidia-smi fails: the driver does not answer", "nvidia-smi")
        return
    import torch

    if not torch.cuda.is_available():
        yield Finding(
            "gpu",
            f"torch {torch.__version__} (CUDA {torch.version.cuda}) cannot use the GPU",
            "update the NVIDIA driver",
        )


CHECKS: tuple[Callable[..., Iterator[Finding]], ...] = (
    check_python,
    check_lock,
    check_lightning,
    check_torchvision,
    check_dvc,
    check_dvc_lock,
    check_checkpoints,
    check_configs,
    check_site,
    check_tracking,
    check_journals,
    check_disk,
    check_gpu,
)
