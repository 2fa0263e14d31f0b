"""What the earlier stages wrote, read and checked for the report."""

from __future__ import annotations

import csv
import io
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from phytotron.errors import UserError
from phytotron.evaluation.predictions import FILE, ValuePredictions, load_if_there
from phytotron.report.words import readable, web_address

# Lower and upper limit, count, mean confidence and accuracy.
CalibrationRow = tuple[float, float, int, float | None, float | None]
OTHERS = 8  # the slot of the experiments that the figures leave out


@dataclass(frozen=True)
class ClassScore:
    """One row of `per_class.csv`; a score is None where there is nothing to divide by."""

    label: str
    support: int
    precision: float | None
    recall: float | None
    f1: float | None


@dataclass(frozen=True)
class Mistake:
    """A wrong prediction; `link` is the page's address if a browser may be sent there."""

    text: str
    url: str
    link: str | None
    actual: str
    predicted: str
    confidence: float | None


@dataclass(frozen=True, eq=False)
class ReportedExperiment:
    """One experiment and what is known of it; in the slot `OTHERS` just its scores.

    Attributes:
        experiment: its id, such as `router/textcnn`.
        name: the shortest name that no other experiment has, such as `textcnn`.
        slot: which colour and mark the figures give it.
        rank: the row of `results/comparison.json`.
        history: the rows of `history.csv`; an unknown value is None.
        classes, confusion, calibration, mistakes: of a classifier; else empty.
        values: of a model that predicts real values; else None.
        confusion: test samples of each (actual, predicted) pair.
        calibration: limits, count, mean confidence and accuracy of each bin.
    """

    experiment: str
    name: str
    slot: int
    rank: dict[str, Any]
    metrics: dict[str, Any]
    config: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, float | None]] = field(default_factory=list)
    classes: list[ClassScore] = field(default_factory=list)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    calibration: list[CalibrationRow] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)
    values: ValuePredictions | None = None

    @cached_property
    def f1(self) -> dict[str, float | None]:
        return {row.label: row.f1 for row in self.classes}


@dataclass(frozen=True)
class Inputs:
    """Everything that the report shows.

    Attributes:
        metric: what the experiments are compared by, such as `macro_f1`.
        goal: `max` or `min`.
        experiments: those that are compared, the best first.
        baseline: what the others are compared with.
        selected: the one that went to the registry.
        crawl, cleaning, manifest: where pages came from; empty for other data.
    """

    title: str
    metric: str
    goal: str
    experiments: list[ReportedExperiment]
    baseline: ReportedExperiment | None
    selected: ReportedExperiment
    registration: dict[str, Any]
    crawl: dict[str, Any]
    cleaning: dict[str, Any]
    manifest: dict[str, Any]

    @property
    def charted(self) -> list[ReportedExperiment]:
        """Those that the figures show: the selected one, the baseline and the best others."""
        return [each for each in self.experiments if each.slot != OTHERS]

    @property
    def labels(self) -> list[str]:
        """The names of the classes, sorted as in the evaluation; empty without classes."""
        return [row.label for row in self.selected.classes]

    def value(self, each: ReportedExperiment, end: str = "") -> float | None:
        """The metric of an experiment; with `_low` or `_high` as `end`, of its interval."""
        key = f"{self.metric}{end}"
        value: float | None = each.metrics.get(key, each.rank.get(key))
        return value


def read_inputs(root: Path, title: str, experiments: Sequence[str], mistakes: int) -> Inputs:
    """Read the outs of all earlier stages.

    Args:
        root: the project's folder.
        title: heading of the report.
        experiments: those that the report must have.
        mistakes: how many mistakes to keep of each experiment.

    Raises:
        UserError: an out is missing or broken, or the comparison is one of other experiments.
    """
    comparison = _json(root / "results/comparison.json", "compare")
    ranks = {row["experiment"]: row for row in comparison["experiments"]}
    if set(ranks) != set(experiments):
        raise UserError(
            f"compares {', '.join(sorted(ranks))}; params.yaml asks for {', '.join(experiments)}",
            where="results/comparison.json",
            hint="run: dvc repro compare",
        )
    names = short_names(list(ranks))
    slots = slot_numbers(list(ranks), comparison["selected"], comparison["baseline"])
    found = {
        experiment: _experiment(
            root, experiment, names[experiment], slots[experiment], rank, mistakes
        )
        for experiment, rank in ranks.items()
    }
    return Inputs(
        title=readable(title),
        metric=comparison["metric"],
        goal=comparison["goal"],
        experiments=list(found.values()),
        baseline=found.get(comparison["baseline"]),
        selected=found[comparison["selected"]],
        registration=_json(root / "build/registration.json", "register"),
        crawl=_if_there(root / "data/raw/crawl.json", "scrape"),
        cleaning=_if_there(root / "data/interim/cleaning.json", "clean"),
        manifest=_if_there(root / "data/processed/manifest.json", "preprocess"),
    )


def short_names(experiments: list[str]) -> dict[str, str]:
    """The last part of each id where that is unique, else the whole id."""
    last = {experiment: experiment.rpartition("/")[2] for experiment in experiments}
    uses = Counter(last.values())
    return {
        experiment: name if uses[name] == 1 else experiment for experiment, name in last.items()
    }


def slot_numbers(experiments: list[str], selected: str, baseline: str | None) -> dict[str, int]:
    """Which colour and mark each has: the baseline 0, the selected one 1, then by rank.

    Those that find all taken share `OTHERS`; they are in the table only.
    """
    rest = [each for each in experiments if each not in (selected, baseline)]
    coloured = [selected, *rest] if selected != baseline else rest
    slots = dict.fromkeys(experiments, OTHERS)
    slots |= {experiment: 1 + index for index, experiment in enumerate(coloured[: OTHERS - 1])}
    return slots | ({baseline: 0} if baseline else {})


def _experiment(
    root: Path, experiment: str, name: str, slot: int, rank: dict[str, Any], mistakes: int
) -> ReportedExperiment:
    model = root / "build/models" / experiment
    evaluation = root / "build/evaluation" / experiment
    trained, evaluated = f"train@{experiment}", f"evaluate@{experiment}"
    metrics = _json(root / "results" / experiment / "metrics.json", evaluated)
    if slot == OTHERS:
        return ReportedExperiment(experiment, name, slot, rank, metrics)
    return ReportedExperiment(
        experiment=experiment,
        name=name,
        slot=slot,
        rank=rank,
        metrics=metrics,
        config=_read(model / "config.yaml", yaml.safe_load, trained) or {},
        training=_json(model / "training.json", trained),
        history=[
            {key: _number(value) for key, value in row.items()}
            for row in _rows(model / "history.csv", trained)
        ],
        **(_of_a_classifier(evaluation, evaluated, mistakes) or _of_a_regressor(evaluation)),
    )


def _of_a_classifier(evaluation: Path, stage: str, mistakes: int) -> dict[str, Any]:
    """What the evaluation wrote of a classifier; nothing for other models.

    A folder with one of the files has all of them: if another one is missing, it was lost.
    """
    files = ("per_class.csv", "confusion.csv", "calibration.csv", "mistakes.json")
    if not any((evaluation / file).exists() for file in files):
        return {}
    confusion = Counter(
        (row["actual"], row["predicted"]) for row in _rows(evaluation / "confusion.csv", stage)
    )
    return {
        "classes": [_class_score(row) for row in _rows(evaluation / "per_class.csv", stage)],
        "confusion": Counter(
            {(readable(a), readable(b)): number for (a, b), number in confusion.items()}
        ),
        "calibration": [_bin(row) for row in _rows(evaluation / "calibration.csv", stage)],
        "mistakes": [
            _mistake(row) for row in _json(evaluation / "mistakes.json", stage)[:mistakes]
        ],
    }


def _of_a_regressor(evaluation: Path) -> dict[str, Any]:
    """What the evaluation wrote of a model that predicts real values; nothing for others."""
    predictions = load_if_there(evaluation / FILE)
    return {"values": predictions} if isinstance(predictions, ValuePredictions) else {}


def _bin(row: dict[str, str]) -> CalibrationRow:
    low, high = float(row["bin_low"]), float(row["bin_high"])
    return low, high, int(row["count"]), _number(row["confidence"]), _number(row["accuracy"])


def _class_score(row: dict[str, str]) -> ClassScore:
    scores = {key: _number(row[key]) for key in ("precision", "recall", "f1")}
    return ClassScore(readable(row["label"]), int(row["support"]), **scores)


def _mistake(row: dict[str, Any]) -> Mistake:
    return Mistake(
        text=readable(row["text"]),
        url=readable(row["url"]),
        link=web_address(readable(row["url"])),
        actual=readable(row["actual"]),
        predicted=readable(row["predicted"]),
        confidence=row["confidence"],
    )


def _number(text: str | None) -> float | None:
    """A cell of a table: None when it is empty, not a number, NaN or infinite."""
    try:
        value = float(text or "nan")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _if_there(path: Path, stage: str) -> Any:
    """The content of a file that only some data have."""
    return _json(path, stage) if path.exists() else {}


def _json(path: Path, stage: str) -> Any:
    return _read(path, json.loads, stage)


def _rows(path: Path, stage: str) -> list[dict[str, str]]:
    return _read(path, lambda text: list(csv.DictReader(io.StringIO(text, newline=""))), stage)


def _read(path: Path, parse: Any, stage: str) -> Any:
    hint = f"run: dvc repro {stage}"
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError("does not exist", where=str(path), hint=hint) from None
    except (ValueError, yaml.YAMLError) as error:
        raise UserError(f"cannot be read: {error}", where=str(path), hint=hint) from error
