"""Where a model comes from: commit, lock files, data, versions, machine.

These facts depend on the moment of registration, so they go to MLflow as tags and never into a
DVC out. Two files go with them: `dvc.lock` as it was, and a patch of what was not committed.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from phytotron.files import read_json, sha256
from phytotron.machine import versions

DVC_LOCK = Path("dvc.lock")
REQUIREMENTS = Path("requirements.lock")
# What the pipeline writes to the working tree does not make it dirty.
_OUTS = tuple(
    f":(exclude){path}"
    for path in (
        "dvc.lock",
        "results",
        "zoo/results",
        "zoo/figures",
        "docs/zoo",
        "docs/sources.md",
    )
)
# New files up to this size, in bytes, are part of the patch.
_SMALL = 1_000_000


@dataclass(frozen=True)
class Provenance:
    """The facts that all runs of one registration share.

    Attributes:
        tags: facts about the repository, by name; `data` is a JSON object of paths and digests.
        files: texts to keep with each run, by file name.
    """

    tags: Mapping[str, str]
    files: Mapping[str, str]


def repository() -> Provenance:
    """The state of the repository in the current folder; facts that do not exist are left out."""
    tags: dict[str, str] = {}
    files: dict[str, str] = {}
    revision, dirty = commit()
    if revision:
        tags |= {"commit": revision, "dirty": str(dirty).lower()}
        if dirty:
            files["uncommitted.patch"] = _uncommitted()
    if DVC_LOCK.exists():
        text = DVC_LOCK.read_text(encoding="utf-8")
        tags["dvc_lock"] = hashlib.sha256(text.encode()).hexdigest()
        tags["data"] = json.dumps(data_digests(text))
        files["dvc.lock"] = text
    if REQUIREMENTS.exists():
        tags["requirements"] = sha256(REQUIREMENTS)
    return Provenance(tags, files)


def commit() -> tuple[str | None, bool]:
    """The commit of the repository in the current folder, and whether its files differ from it."""
    revision = _git("rev-parse", "HEAD")
    if not revision:
        return None, False
    return revision, bool(_git("status", "--porcelain", "--", ".", *_OUTS))


def data_digests(dvc_lock: str) -> dict[str, str]:
    """The digests that a `dvc.lock` records for everything under `data/`, by path."""
    stages = (yaml.safe_load(dvc_lock) or {}).get("stages", {})
    entries = (
        entry
        for stage in stages.values()
        for entry in [*stage.get("deps", []), *stage.get("outs", [])]
    )
    found = {entry["path"]: _digest(entry) for entry in entries if "hash" in entry}
    return {path: found[path] for path in sorted(found) if path.startswith("data/")}


def _digest(entry: Mapping[str, Any]) -> str:
    return f"{entry['hash']}:{entry[entry['hash']]}"


def training_facts(timing: Path) -> tuple[dict[str, str], dict[str, float]]:
    """Machine and versions (as tags) and times (as metrics) of a training.

    Where the file is missing, because the experiment was trained on another machine, only this
    machine's versions are known.
    """
    facts: dict[str, Any] = read_json(timing) if timing.exists() else {"versions": versions()}
    tags: dict[str, str] = {
        name: json.dumps(facts.pop(name), sort_keys=True)
        for name in ("versions", "hardware")
        if name in facts
    }
    return tags, {name: float(value) for name, value in facts.items()}


def _uncommitted() -> str:
    """A patch of everything that is not committed, new files too unless they are large."""
    found = _git("ls-files", "-z", "--others", "--exclude-standard", "--", ".", *_OUTS)
    new = [name for name in found.split("\0") if name and Path(name).stat().st_size <= _SMALL]
    with TemporaryDirectory() as folder:
        # With a temporary index, so that what the user has staged stays as it is.
        index = {"GIT_INDEX_FILE": f"{folder}/index"}
        _git("read-tree", "HEAD", **index)
        _git("add", "--update", "--", ".", **index)
        if new:
            _git("add", "--", *new, **index)
        return _git("diff", "--cached", "--binary", "HEAD", "--", ".", *_OUTS, **index) + "\n\n"


def _git(*arguments: str, **environment: str) -> str:
    """What git prints; empty outside of a repository, and without git."""
    try:
        result = subprocess.run(
            ["git", *arguments],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            errors="replace",
        )
    except FileNotFoundError:
        return ""
    return result.stdout.strip() if result.returncode == 0 else ""
