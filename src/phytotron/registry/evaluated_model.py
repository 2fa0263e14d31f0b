"""What a registration is about: trained and evaluated experiments, known by their content."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from phytotron.files import read_json, sha256
from phytotron.tracking.environment import TAG

IDENTITY = f"{TAG}identity"


@dataclass(frozen=True)
class EvaluatedModel:
    """A trained and evaluated experiment.

    Attributes:
        experiment: its id.
        model: what the stage `train` wrote.
        evaluation: what the stage `evaluate` wrote.
        metrics: `results/<experiment>/metrics.json`.
        metric: the metric that is compared, with the split, such as `test/macro_f1`.
        goal: `max` or `min`.
        test_set: SHA-256 of the test samples and targets; None where there are no predictions for
            each sample.
        timing: times and machine of the training; the file may be missing, as where DVC fetched
            the model.
    """

    experiment: str
    model: Path
    evaluation: Path
    metrics: Mapping[str, float]
    metric: str
    goal: str
    test_set: str | None
    timing: Path

    @property
    def name(self) -> str:
        """The metric without the split, as `metrics` has it."""
        return self.metric.partition("/")[2]

    @property
    def value(self) -> float:
        """Of the metric."""
        return self.metrics[self.name]

    @cached_property
    def key(self) -> str | None:
        """The identity of its training; None for a model of an earlier version."""
        found: str | None = read_json(self.model / "training.json").get("key")
        return found

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the names and contents of the model folder's files."""
        return folder_digest(self.model)

    @cached_property
    def identity(self) -> str:
        """SHA-256 over all that the run of this experiment describes."""
        facts = [self.experiment, self.digest, dict(self.metrics), self.test_set]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class LoggedRun:
    """Where an experiment is in MLflow."""

    run_id: str
    model_id: str


def folder_digest(folder: Path) -> str:
    """SHA-256 over the names and contents of all files in a folder."""
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{sha256(path)} {path.relative_to(folder).as_posix()}\n".encode())
    return digest.hexdigest()
