"""The numbers that were measured, as objects; their files are in `phytotron.runs.result_files`."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from phytotron.errors import UserError
from phytotron.files import write_json
from phytotron.runs.result_files import checksum, edited_by_hand, read_content, result_file

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
        origin: what the target is from: `book`, `paper`, `catalogue` or `ours`.
        source: where it is found there; None for the catalogue.
        choices: the split on which rates, epochs and their like were chosen; `none` where all are
            given by the source.
        verdict: one of `phytotron.runs.verdict.VERDICTS`.
        interval: lower and upper end of the confidence interval of `metric`; None for one seed.
        baselines: what simpler methods reach on the same split in the same metric, by name.
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
    origin: str
    source: str | None
    choices: str
    verdict: str
    interval: list[float] | None
    baselines: dict[str, float]
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

    @property
    def worst(self) -> float:
        """The metric of the worst seed."""
        return (min if self.goal == "max" else max)(self.score.values)


def write_result(result: Result, path: Path | None = None) -> Path:
    """Write a result with its checksum; its file.

    Args:
        result: the result.
        path: another file than that of the record.
    """
    path = path or result_file(result.experiment, result.preset)
    content = asdict(result)
    if not result.restamped:
        del content["restamped"]
    write_json(path, content | {"sha256": checksum(content)})
    return path


def read_result(path: Path) -> Result:
    """The result in a file.

    Raises:
        UserError: the file is not what `verify` wrote.
    """
    content = read_content(path)
    if set(content) | {"restamped"} != {each.name for each in fields(Result)}:
        raise edited_by_hand(path)
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
