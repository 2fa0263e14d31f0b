"""The numbers that were measured: `zoo/results/<experiment>.json`, written by `verify`.

A result holds a checksum of its content, which finds accidents: a number that was changed in
passing, a merge that mixed two results, half a file. It is no proof that the number was measured,
since whoever edits a file can compute the checksum anew; the nightly verification is.
"""

from __future__ import annotations

import hashlib
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from phytotron.errors import UserError
from phytotron.files import write_json

RESULTS = Path("zoo/results")
FIGURES = Path("zoo/figures")


@dataclass(frozen=True)
class Spread:
    """A quantity over the seeds; the standard deviation (of a sample) is None for one seed."""

    mean: float
    std: float | None
    values: list[float]

    def __str__(self) -> str:
        mean, std = f"{self.mean:.4g}", self.std
        return mean if std is None else f"{mean} ± {std:.2g}"


def spread(values: Sequence[float]) -> Spread:
    """Mean and standard deviation of one value for each seed."""
    std = statistics.stdev(values) if len(values) > 1 else None
    return Spread(statistics.fmean(values), std, list(values))


@dataclass(frozen=True)
class Result:
    """What `verify` found out about an experiment.

    Attributes:
        experiment: its id.
        preset: the preset of its card; None: the file itself.
        metric: the key of `metrics` that counts.
        goal: `max` or `min`.
        target: the card's, at the time.
        reached: whether the mean of `metric` was at least as good.
        metrics: every metric that is a finite number for all seeds.
        seeds: the seeds, in the order of the values.
        seconds: of training, for each seed.
        peak_memory_mb: the most memory that the process held, all seeds included.
        samples_per_second: in training.
        parameters: learned numbers of the model.
        epochs: of the last seed.
        steps: optimizer steps of the last seed.
        hardware: the machine.
        versions: Python and the packages that decide the numbers.
        commit: of the repository; None outside of one.
        dirty: whether the working tree differed from the commit.
        date: the day (UTC), as 2026-11-21.
        fingerprint: of the config and the code (`phytotron.config.fingerprint`).
        restamped: where the fingerprint was replaced although nothing was measured again, see
            `restamp`: objects with `from`, `to`, `date` and `why`, the oldest first.
    """

    experiment: str
    preset: str | None
    metric: str
    goal: str
    target: float
    reached: bool
    metrics: dict[str, Spread]
    seeds: list[int]
    seconds: Spread
    peak_memory_mb: float
    samples_per_second: float
    parameters: int
    epochs: int
    steps: int
    hardware: dict[str, str | int]
    versions: dict[str, str]
    commit: str | None
    dirty: bool
    date: str
    fingerprint: str
    restamped: list[dict[str, str]] = field(default_factory=list)

    @property
    def score(self) -> Spread:
        """The metric that counts."""
        return self.metrics[self.metric]


def full_name(experiment: str, preset: str | None) -> str:
    """The name of an experiment's files, such as `vision/lenet5` or `vision/lenet5.full`."""
    return f"{experiment}.{preset}" if preset else experiment


def result_file(experiment: str, preset: str | None = None) -> Path:
    """Where the result of an experiment lives."""
    return RESULTS / f"{full_name(experiment, preset)}.json"


def is_reached(score: float, goal: str, target: float) -> bool:
    """Whether a score is at least as good as the target."""
    return score >= target if goal == "max" else score <= target


def write_result(result: Result) -> Path:
    """Write a result with its checksum; its file."""
    path = result_file(result.experiment, result.preset)
    content = asdict(result)
    if not result.restamped:
        del content["restamped"]
    write_json(path, content | {"sha256": _seal(content)})
    return path


def read_result(path: Path) -> Result:
    """The result in a file.

    Raises:
        UserError: the file is not what `verify` wrote.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        seal = content.pop("sha256")
        names = {each.name for each in fields(Result)}
        whole = seal == _seal(content) and set(content) | {"restamped"} == names
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise UserError(
            f"is no result of a verification ({error})", where=path.as_posix()
        ) from None
    if not whole:
        raise UserError(
            "was edited by hand: its content does not match its own hash",
            where=path.as_posix(),
            hint=f"measure it again: phytotron verify {_name(path)}",
        )
    metrics = {name: Spread(**value) for name, value in content["metrics"].items()}
    return Result(**(content | {"metrics": metrics, "seconds": Spread(**content["seconds"])}))


def last_result(experiment: str, preset: str | None = None) -> Result | None:
    """The result of an experiment; None when it has not been verified."""
    path = result_file(experiment, preset)
    return read_result(path) if path.exists() else None


def restamp(path: Path, fingerprint: str, why: str, date: str) -> Result:
    """Give a result another fingerprint, where it is proven that the number is the same.

    Such as after a module was moved: the code has other names, and gives the same bytes. The result
    keeps the fingerprint that it was measured with.

    Args:
        path: the result's file.
        fingerprint: of the code and config of now.
        why: how the equality was proven.
        date: the day, as 2026-11-21.

    Returns:
        The result as it is now; unchanged if it has this fingerprint already.

    Raises:
        UserError: the file is not what `verify` wrote, or no reason is given.
    """
    result = read_result(path)
    if not why.strip():
        raise UserError("a new fingerprint without a reason", where=path.as_posix())
    if result.fingerprint == fingerprint:
        return result
    note = {"from": result.fingerprint, "to": fingerprint, "date": date, "why": why}
    restamped = replace(result, fingerprint=fingerprint, restamped=[*result.restamped, note])
    write_result(restamped)
    return restamped


def _seal(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _name(path: Path) -> str:
    """What to verify for a file: `vision/lenet5 --preset full` for `vision/lenet5.full.json`."""
    inside = path.relative_to(RESULTS) if path.is_relative_to(RESULTS) else Path(path.name)
    experiment, _, preset = inside.with_suffix("").as_posix().partition(".")
    return f"{experiment} --preset {preset}" if preset else experiment
